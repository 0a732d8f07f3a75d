import { attributes } from '../platform/dynamo-codec.ts';
import { inSeconds, instant } from '../platform/dynamo-fields.ts';
import type { Reads, Table } from '../platform/dynamo-table.ts';
import type { PhoneNumber } from '../whatsapp/phone.ts';
import type { ErasureMarker, ErasureMarkerReads } from './dynamo-erasure-marker.ts';
import { hashOfPair } from './erasure-key.ts';
import type { TombstoneStore } from './ports.ts';

/** Uploads and plans live for 30 days; files of other buckets and of schedules as long as their owner keeps them. */
const KEPT_MS = 400 * 86_400_000;
const PREFIX = 'tombstone#';
const PAGE = 1_000;
const TIME_DIGITS = 15;

/** Listed by business number, the latest erasure first. A key in that list has the time and the hash. */
const codec = attributes<{ readonly at: Date }>({
  fields: { at: instant },
  derived: { expires: ({ at }) => inSeconds(new Date(at.getTime() + KEPT_MS)) },
});

export function makeTombstoneReads(table: Reads, marker: ErasureMarkerReads): Omit<TombstoneStore, 'bury'> {
  async function* hashesSince(business: PhoneNumber, since: Date): AsyncIterable<string> {
    let before: string | undefined;
    for (;;) {
      const page = await table.listed(partitionOf(business), { limit: PAGE, before });
      for (const { pk, stage } of page) {
        if (Number(stage.slice(0, TIME_DIGITS)) < since.getTime()) return;
        yield pk.slice(PREFIX.length);
      }
      before = page.at(-1)?.stage;
      if (page.length < PAGE) return;
    }
  }

  return {
    async erasedAt(pair) {
      const { key } = await marker.used();
      const stored = key && (await table.get(PREFIX + hashOfPair(key, pair)));
      return stored ? codec.decode(stored.value).at : undefined;
    },
    async erasedSince(business, since) {
      const { key } = await marker.used();
      const hashes = new Set<string>();
      if (key) for await (const hash of hashesSince(business, since)) hashes.add(hash);
      return (customer) =>
        key !== undefined && hashes.size > 0 && hashes.has(hashOfPair(key, { business, customer }));
    },
  };
}

export function makeTombstoneStore(table: Table, marker: ErasureMarker): TombstoneStore {
  const own = table.owning('tombstone#');
  return {
    ...makeTombstoneReads(own, marker),
    async bury(pair, at) {
      const hash = hashOfPair(await marker.key(), pair);
      const stage = `${String(at.getTime()).padStart(TIME_DIGITS, '0')}#${hash}`;
      const pk = PREFIX + hash;
      await own.overwrite({ ...codec.encode({ at }), pk, pair: partitionOf(pair.business), stage });
    },
  };
}

const partitionOf = (business: PhoneNumber) => `tombstones#${business}`;
