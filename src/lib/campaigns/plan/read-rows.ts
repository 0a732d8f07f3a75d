import { asUtf8, gathered, unzipped } from './bytes.ts';
import { makeCsvReader } from './csv.ts';
import { makeJsonlReader } from './jsonl.ts';
import type { RawRow } from './recipient.ts';

/** Large blocks, so that the work per block is negligible per row. */
const BLOCK_BYTES = 64 * 1024;

/**
 * Streams the rows of a recipients file, gzip or not, in UTF-8 or in UTF-16 with a byte order mark: memory doesn't grow with the file, and reading keeps
 * pace with the consumer. An unreadable record becomes a `bad` row, and the rest continues. Throws
 * `RecipientsFault` if the whole file is unreadable; rethrows faults of `bytes` unchanged.
 */
export async function* readRows(
  bytes: AsyncIterable<Uint8Array>,
  { format }: { readonly format: 'csv' | 'jsonl' },
): AsyncIterable<RawRow> {
  const reader = format === 'csv' ? makeCsvReader() : makeJsonlReader();
  for await (const block of asUtf8(gathered(unzipped(bytes), BLOCK_BYTES))) yield* reader.read(block);
  yield* reader.end();
}
