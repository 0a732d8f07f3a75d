type Reporter = 'default' | ['json', { outputFile: string }];

/** For people, and for a program too where LIPAFLOW_TEST_RESULTS names a file. */
export const reporters = (): Reporter[] => {
  const { LIPAFLOW_TEST_RESULTS: outputFile } = process.env;
  return outputFile ? ['default', ['json', { outputFile }]] : ['default'];
};
