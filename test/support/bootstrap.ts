import { existsSync } from 'node:fs';

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

/** The file that Lambda's loader takes for a handler's path without its extension. It tries these in this order. */
export const loadedFile = (path: string): string => {
  const found = ['', '.js', '.mjs', '.cjs'].map((extension) => path + extension).find(existsSync);
  if (!found) throw new Error(`there is no bundle ${path}`);
  return found;
};
