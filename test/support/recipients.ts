import { readRows } from '../../src/lib/campaigns/plan/read-rows.ts';
import type { RawRow } from '../../src/lib/campaigns/plan/recipient.ts';

/** A row without its place in the file. */
export type ReadRow = RawRow extends infer Row
  ? Row extends RawRow
    ? Omit<Row, 'end' | 'csv'>
    : never
  : never;

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
): Promise<ReadRow[]> {
  const bytes = typeof file === 'string' || file instanceof Uint8Array ? inPieces(file) : file;
  const rows: ReadRow[] = [];
  for await (const row of readRows(bytes, { format, size: Number.POSITIVE_INFINITY }))
    rows.push(withoutPlace(row));
  return rows;
}

function withoutPlace(row: RawRow): ReadRow {
  if (row.kind === 'header') return { kind: row.kind, columns: row.columns };
  const { end: _, ...rest } = row;
  return rest;
}
