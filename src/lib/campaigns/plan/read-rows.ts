import { asUtf8, gathered, unzipped } from './bytes.ts';
import { makeCsvReader } from './csv.ts';
import { makeJsonlReader } from './jsonl.ts';
import { FILE_LIMITS, type FileLimits, type RawRow, type ResumePoint } from './recipient.ts';

/** Large blocks, so that the work per block is negligible per row. */
const BLOCK_BYTES = 64 * 1024;

export interface FileOptions {
  readonly format: 'csv' | 'jsonl';
  /** Of the file as it is stored, in bytes. */
  readonly size: number;
  readonly limits?: FileLimits | undefined;
}

/**
 * Streams the rows of a recipients file, gzip or not, in UTF-8 or in UTF-16 with a byte order mark: memory doesn't grow with the file, and reading keeps
 * pace with the consumer. An unreadable record becomes a `bad` row, and the rest continues. Throws
 * `RecipientsFault` if the whole file is unreadable; rethrows faults of `bytes` unchanged.
 *
 * `from`: goes on behind a record, without the header. `bytes` is the whole file all the same: gzip and UTF-16 can be
 * decoded from the start only.
 */
export async function* readRows(
  bytes: AsyncIterable<Uint8Array>,
  { format, size, limits = FILE_LIMITS }: FileOptions,
  from?: ResumePoint,
): AsyncGenerator<RawRow, undefined> {
  const reader = format === 'csv' ? makeCsvReader(from) : makeJsonlReader(from);
  const blocks = asUtf8(gathered(unzipped(bytes, size, limits), BLOCK_BYTES));
  for await (const block of from ? without(blocks, from.place.offset) : blocks) yield* reader.read(block);
  yield* reader.end();
}

/** The blocks without their first bytes. */
async function* without(blocks: AsyncIterable<Buffer>, bytes: number): AsyncIterable<Buffer> {
  let left = bytes;
  for await (const block of blocks) {
    if (left < block.length) yield left > 0 ? block.subarray(left) : block;
    left = Math.max(0, left - block.length);
  }
}
