import { join } from 'node:path';

type Reporter = 'default' | ['json', { outputFile: string }];

/** For people, and for a program too where LIPAFLOW_TEST_RESULTS names a folder for `<run>.json`. */
export const reporters = (run: 'tests' | 'faults'): Reporter[] => {
  const { LIPAFLOW_TEST_RESULTS: folder } = process.env;
  return folder ? ['default', ['json', { outputFile: join(folder, `${run}.json`) }]] : ['default'];
};
