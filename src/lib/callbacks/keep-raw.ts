import type { Callback } from '../lipachat/callback.ts';

type NotUnderstood = Extract<Callback, { readonly raw: string }>;

/** An entry and its index in the body. */
export interface Placed {
  readonly entry: Callback;
  readonly place: number;
}

/** So many entries of a kind are kept one by one. No real callback has more that are not understood. */
const ONE_BY_ONE = 100;
/** Below the limit of a raw callback. */
const PACK_LIMIT = 200 * 1024;

/**
 * The entries with their places. Many that are not understood are packed into few lists: half a million of them fit
 * into one body, and their worker has half a minute.
 */
export function withPlaces(entries: readonly Callback[]): Placed[] {
  const placed = entries.map((entry, place) => ({ entry, place }));
  const packs = (['unrecognised', 'unplaced'] as const).flatMap((kind) => packsOf(placed, kind));
  if (packs.length === 0) return placed;
  const packedKinds = new Set(packs.map(({ entry }) => entry.kind));
  return [...placed.filter(({ entry }) => !packedKinds.has(entry.kind)), ...packs];
}

function packsOf(placed: readonly Placed[], kind: NotUnderstood['kind']): Placed[] {
  const raws = placed.flatMap(({ entry }) => (entry.kind === kind ? [entry.raw] : []));
  if (raws.length <= ONE_BY_ONE) return [];
  const packs: string[][] = [];
  let size = PACK_LIMIT;
  for (const raw of raws) {
    size += raw.length + 1;
    if (size > PACK_LIMIT) {
      packs.push([]);
      size = raw.length;
    }
    packs.at(-1)?.push(raw);
  }
  return packs.map((pack) => ({ entry: { kind, raw: `[${pack.join(',')}]` }, place: 0 }));
}
