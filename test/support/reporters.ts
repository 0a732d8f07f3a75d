import { join } from 'node:path';

type Style = 'default' | 'verbose';
type Reporter = Style | ['json', { outputFile: string }];

/** For people, and for a program too where LIPAFLOW_TEST_RESULTS names a folder for `<run>.json`. */
export const reporters = (run: 'tests' | 'faults' | 'deploy', style: Style = 'default'): Reporter[] => {
  const { LIPAFLOW_TEST_RESULTS: folder } = process.env;
  return folder ? [style, ['json', { outputFile: join(folder, `${run}.json`) }]] : [style];
};
