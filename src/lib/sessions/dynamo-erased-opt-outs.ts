import { createHmac } from 'node:crypto';
import { allEnded } from '../platform/all-ended.ts';
import { attributes } from '../platform/dynamo-codec.ts';
import { inSeconds, instant, plain } from '../platform/dynamo-fields.ts';
import type { Item, Reads, Table } from '../platform/dynamo-table.ts';
import type { Random } from '../platform/ports.ts';
import type { Pair } from '../whatsapp/phone.ts';
import type { ErasureMarker, ErasureMarkerReads } from './dynamo-erasure-marker.ts';
import { hashOfPair } from './erasure-key.ts';
import type { ErasedOptOut, ErasedOptOutStore } from './ports.ts';

/** Longer than WhatsApp repeats a webhook (7 days). */
const NOTED_MS = 8 * 86_400_000;
const OPT_OUT = 'forgotten#';
const ERASURE = 'erased#';

/** An item without `at` is still an opt-out; it counts from the epoch. */
const optOutAttributes = attributes<Partial<ErasedOptOut>>({
  fields: { at: instant, seenAt: instant, place: plain },
});

/** The hashes of a pair; undefined where the table has none of that kind. */
interface Hashes {
  readonly keyed: string | undefined;
  readonly salted: string | undefined;
}

/** The reads of erased opt-outs. */
export function makeErasedOptOutReads(table: Reads, marker: ErasureMarkerReads) {
  async function hashesOf(pairs: readonly Pair[]): Promise<Hashes[]> {
    const { key, salt } = await marker.used();
    return pairs.map((pair) => ({
      keyed: key && hashOfPair(key, pair),
      salted: salt && saltedHash(salt, pair),
    }));
  }

  const bothOf = async (pair: Pair) => (await hashesOf([pair]))[0] ?? { keyed: undefined, salted: undefined };

  async function at(prefix: string, hash: string | undefined): Promise<Item | undefined> {
    return hash === undefined ? undefined : (await table.get(prefix + hash))?.value;
  }

  /** `onOld`: what to do with an item of version 0.1. */
  async function find(
    pair: Pair,
    onOld: (item: Item) => Promise<void> = () => Promise.resolve(),
  ): Promise<ErasedOptOut | undefined> {
    const { keyed, salted } = await bothOf(pair);
    const own = await at(OPT_OUT, keyed);
    const old = own ? undefined : await at(OPT_OUT, salted);
    if (old) await onOld(old);
    const item = own ?? old;
    if (!item) return undefined;
    const { at: since = new Date(0), seenAt, place } = optOutAttributes.decode(item);
    return { at: since, seenAt, place };
  }

  async function areThere(hashes: readonly (string | undefined)[]): Promise<boolean[]> {
    const pks = hashes.flatMap((hash) => (hash === undefined ? [] : [OPT_OUT + hash]));
    if (pks.length === 0) return hashes.map(() => false);
    const items = await table.getMany(pks);
    return items.map((item) => item !== undefined);
  }

  return {
    bothOf,
    find,
    optedOutAt: async (pair: Pair) => (await find(pair))?.at,
    async whoOptedOut(pairs: readonly Pair[]) {
      const hashes = await hashesOf(pairs);
      const [keyed = [], salted = []] = await allEnded([
        areThere(hashes.map((one) => one.keyed)),
        areThere(hashes.map((one) => one.salted)),
      ]);
      return pairs.map((_, n) => (keyed[n] ?? false) || (salted[n] ?? false));
    },
    async wasErased(pair: Pair) {
      const { keyed, salted } = await bothOf(pair);
      return ((await at(ERASURE, keyed)) ?? (await at(ERASURE, salted))) !== undefined;
    },
  };
}

export interface ErasedOptOutDeps {
  readonly marker: ErasureMarker;
  readonly random: Random;
  /** Version 0.1 may come back, so new hashes have its form. */
  readonly beside01?: boolean | undefined;
}

export function makeErasedOptOutStore(
  table: Table,
  { marker, random, beside01 = false }: ErasedOptOutDeps,
): ErasedOptOutStore {
  const own = table.owning('forgotten#', 'erased#');
  const { bothOf, ...reads } = makeErasedOptOutReads(own, marker);

  /** Without a key, and before the first hash of one, in the form of 0.1: an opt-out is worth more than its secrecy. */
  async function newHashOf(pair: Pair): Promise<string> {
    const key = beside01 ? undefined : await marker.keyIfAny();
    return key ? hashOfPair(key, pair) : saltedHash(await marker.madeSalt(() => saltFrom(random)), pair);
  }

  /** Moves what version 0.1 wrote to the keyed hash, so that the table alone no longer tells. */
  async function rekey(item: Item, pair: Pair): Promise<void> {
    const key = beside01 ? undefined : await marker.keyIfAny();
    if (!key) return;
    await own.overwrite({ ...item, pk: OPT_OUT + hashOfPair(key, pair) });
    await own.drop(item.pk);
  }

  const find = (pair: Pair) => reads.find(pair, (item) => rekey(item, pair));

  return {
    ...reads,
    find,
    optedOutAt: async (pair) => (await find(pair))?.at,
    async remember(pair, since, { seenAt, place } = {}) {
      const pk = OPT_OUT + (await newHashOf(pair));
      await own.overwrite({ ...optOutAttributes.encode({ at: since, seenAt, place }), pk });
    },
    async forget(pair) {
      const { keyed, salted } = await bothOf(pair);
      for (const hash of [keyed, salted]) if (hash !== undefined) await own.drop(OPT_OUT + hash);
    },
    async noteErasure(pair, now) {
      const expires = inSeconds(new Date(now.getTime() + NOTED_MS));
      await own.overwrite({ pk: ERASURE + (await newHashOf(pair)), expires });
    },
  };
}

const saltFrom = (random: Random) => random.uuid() + random.uuid();

function saltedHash(salt: string, { business, customer }: Pair): string {
  return createHmac('sha256', salt).update(`${business} ${customer}`).digest('hex');
}
