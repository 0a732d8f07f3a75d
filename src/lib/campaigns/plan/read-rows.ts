import { gathered, unzipped, withoutMark } from './bytes.ts';
import { makeCsvReader } from './csv.ts';
import { makeJsonlReader } from './jsonl.ts';
import type { RawRow } from './recipient.ts';

/** Read in blocks of this size, so that what is done once a block costs nothing a row. */
const BLOCK_BYTES = 64 * 1024;

/**
 * Reads a file of recipients, gzip or not, as a stream: memory does not grow with the file, and nothing is
 * read ahead of whoever takes the rows. A record that can't be read is a `bad` row and the rest goes on.
 * Throws `RecipientsFault` where the file as a whole can't be read, and what `bytes` throws as it is.
 */
export async function* readRows(
  bytes: AsyncIterable<Uint8Array>,
  { format }: { readonly format: 'csv' | 'jsonl' },
): AsyncIterable<RawRow> {
  const reader = format === 'csv' ? makeCsvReader() : makeJsonlReader();
  for await (const block of withoutMark(gathered(unzipped(bytes), BLOCK_BYTES))) yield* reader.read(block);
  yield* reader.end();
}
