import { createHmac } from 'node:crypto';
import { attributes } from '../platform/dynamo-codec.ts';
import { inSeconds, instant, plain } from '../platform/dynamo-fields.ts';
import type { Reads, Table } from '../platform/dynamo-table.ts';
import type { Random } from '../platform/ports.ts';
import type { Pair } from '../whatsapp/phone.ts';
import type { ErasedOptOut, ErasedOptOutStore } from './ports.ts';

/** Longer than WhatsApp repeats a webhook (7 days). */
const NOTED_MS = 8 * 86_400_000;
const SALT = 'salt#forgotten';

const saltAttributes = attributes<{ readonly salt: string }>({ fields: { salt: plain } });

/** An item without `at` is still an opt-out; it counts from the epoch. */
const optOutAttributes = attributes<Partial<ErasedOptOut>>({
  fields: { at: instant, seenAt: instant, place: plain },
});

/** The reads of erased opt-outs. Their salt stays once it is there. */
export function makeErasedOptOutReads(table: Reads) {
  let salt: string | undefined;

  /** Undefined until the first opt-out is stored. */
  async function knownSalt(): Promise<string | undefined> {
    const stored = salt === undefined ? await table.get(SALT) : undefined;
    if (stored) salt = saltAttributes.decode(stored.value).salt;
    return salt;
  }

  async function find(pair: Pair): Promise<ErasedOptOut | undefined> {
    const known = await knownSalt();
    const stored = known === undefined ? undefined : await table.get(optOutKey(pair, known));
    if (!stored) return undefined;
    const { at = new Date(0), seenAt, place } = optOutAttributes.decode(stored.value);
    return { at, seenAt, place };
  }

  return {
    knownSalt,
    find,
    optedOutAt: async (pair: Pair) => (await find(pair))?.at,
    async whoOptedOut(pairs: readonly Pair[]) {
      const known = await knownSalt();
      if (known === undefined) return pairs.map(() => false);
      const items = await table.getMany(pairs.map((pair) => optOutKey(pair, known)));
      return items.map((item) => item !== undefined);
    },
    async wasErased(pair: Pair) {
      const known = await knownSalt();
      return known !== undefined && (await table.get(erasureKey(pair, known))) !== undefined;
    },
  };
}

export function makeErasedOptOutStore(table: Table, random: Random): ErasedOptOutStore {
  const own = table.owning('forgotten#', 'erased#', 'salt#');
  const { knownSalt, ...reads } = makeErasedOptOutReads(table);

  /** The first process that needs a salt creates it; all others then use the same one. */
  async function anySalt(): Promise<string> {
    const known = await knownSalt();
    if (known !== undefined) return known;
    const made = saltAttributes.encode({ salt: random.uuid() + random.uuid() });
    const { stored } = await own.create({ ...made, pk: SALT });
    if (!stored) throw new Error('the salt was removed while it was read');
    return saltAttributes.decode(stored.value).salt;
  }

  return {
    ...reads,
    async remember(pair, at, { seenAt, place } = {}) {
      const pk = optOutKey(pair, await anySalt());
      await own.overwrite({ ...optOutAttributes.encode({ at, seenAt, place }), pk });
    },
    async forget(pair) {
      const known = await knownSalt();
      if (known !== undefined) await own.drop(optOutKey(pair, known));
    },
    async noteErasure(pair, now) {
      const expires = inSeconds(new Date(now.getTime() + NOTED_MS));
      await own.overwrite({ pk: erasureKey(pair, await anySalt()), expires });
    },
  };
}

const optOutKey = (pair: Pair, salt: string) => `forgotten#${hashOf(pair, salt)}`;
const erasureKey = (pair: Pair, salt: string) => `erased#${hashOf(pair, salt)}`;

function hashOf({ business, customer }: Pair, salt: string): string {
  return createHmac('sha256', salt).update(`${business} ${customer}`).digest('hex');
}
