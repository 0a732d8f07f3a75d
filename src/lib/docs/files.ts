import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DocsFile, DocsFiles } from './ports.ts';

const SUFFIX = '.gz';

/**
 * The files that the build wrote to the folder. Look-ups use the list of built names, so a requested name
 * never becomes part of a path.
 */
export function makeDocsFiles(folder: string): DocsFiles {
  const built = readdirSync(folder).filter((entry) => entry.endsWith(SUFFIX));
  const files = new Map(
    built.map((entry) => [entry.slice(0, -SUFFIX.length), readOnce(join(folder, entry))]),
  );
  return {
    byName: (name) => files.get(name)?.(name),
  };
}

/** Reads a file on first use: most visits end with a 304, and don't need the page's script. */
function readOnce(path: string): (name: string) => DocsFile {
  let file: DocsFile | undefined;
  return (name) => {
    file ??= described(name, readFileSync(path));
    return file;
  };
}

function described(name: string, gzipped: Uint8Array): DocsFile {
  return { name, gzipped, hash: hashOf(gzipped) };
}

/** The hash of a built file's content, as it is compressed. */
export function hashOf(gzipped: Uint8Array): string {
  return createHash('sha256').update(gzipped).digest('hex').slice(0, 32);
}
