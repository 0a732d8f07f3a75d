/** The file that `table count --write` makes and `--compare` reads. */
import { readFileSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import { misuse, OpsError } from '../report.ts';

const file = z.object({
  version: z.literal(1),
  table: z.string(),
  countedAt: z.iso.datetime(),
  /** Items that expire before are not counted, because the table may delete them before the next count. */
  until: z.iso.datetime(),
  counts: z.record(z.string(), z.number()),
});

export type CountsFile = z.infer<typeof file>;

export const writeCounts = (path: string, counts: CountsFile): void => {
  try {
    writeFileSync(path, `${JSON.stringify(counts, undefined, 2)}\n`);
  } catch (error) {
    throw new OpsError(`cannot write ${path}: ${error instanceof Error ? error.message : 'no reason given'}`);
  }
};

export const readCounts = (path: string): CountsFile => {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw misuse(`cannot read ${path}`);
  }
  try {
    return file.parse(JSON.parse(text));
  } catch {
    throw misuse(`${path} was not written by \`table count --write\``);
  }
};
