/**
 * The options that Lambda's bootstrap gives to Node on its command line, for a function of that memory. They come
 * before those of `NODE_OPTIONS`. As in /var/runtime/bootstrap of AWS's Node images: a tenth of the memory for the
 * young generation, which holds two semi-spaces, and the rest for the old one.
 */
export const bootstrapOptions = (memoryMb: number): string[] => {
  const young = Math.floor(memoryMb / 10);
  return [
    ...['--expose-gc', '--max-http-header-size', '81920'],
    `--max-semi-space-size=${Math.floor(young / 2)}`,
    `--max-old-space-size=${memoryMb - young}`,
  ];
};
