import { readRows } from '../../src/lib/campaigns/plan/read-rows.ts';
import type { RawRow } from '../../src/lib/campaigns/plan/recipient.ts';

type Format = 'csv' | 'jsonl';

/** As a store hands it out: not at once. */
export async function* asStream<T>(parts: Iterable<T>): AsyncIterable<T> {
  for (const part of parts) yield await Promise.resolve(part);
}

/** A file in pieces of that many bytes. */
export function inPieces(file: string | Uint8Array, size = 64 * 1024): AsyncIterable<Uint8Array> {
  const bytes = Buffer.from(file);
  const count = Math.ceil(bytes.length / size);
  return asStream(Array.from({ length: count }, (_, n) => bytes.subarray(n * size, (n + 1) * size)));
}

/** All that a file says, its header included. */
export async function rowsOf(
  format: Format,
  file: string | Uint8Array | AsyncIterable<Uint8Array>,
): Promise<RawRow[]> {
  const bytes = typeof file === 'string' || file instanceof Uint8Array ? inPieces(file) : file;
  const rows: RawRow[] = [];
  for await (const row of readRows(bytes, { format })) rows.push(row);
  return rows;
}
