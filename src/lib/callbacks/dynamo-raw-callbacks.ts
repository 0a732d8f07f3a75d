import { createHash } from 'node:crypto';
import { allEnded, mapEnded } from '../platform/all-ended.ts';
import { attributes } from '../platform/dynamo-codec.ts';
import { as, inSeconds, instant, plain } from '../platform/dynamo-fields.ts';
import type { DueKey } from '../platform/dynamo-reads.ts';
import type { Table } from '../platform/dynamo-table.ts';
import { keyedHash } from '../sessions/erasure-key.ts';
import type { CustomerId } from '../whatsapp/customer.ts';
import { namesIn, namesOf } from '../whatsapp/names-in-text.ts';
import type { PhoneNumber } from '../whatsapp/phone.ts';
import type { RawCallback, RawCallbackStore, RawPage } from './ports.ts';
import { isAbout, makeRawSearch } from './raw/dynamo-raw-search.ts';

/*
 * A raw callback is listed under the keyed hash of each name in it (ADR 035), so that an erasure finds it whatever else is
 * kept. One without a list, because it has too many names or the key could not be read, or because version 0.1 kept it, is
 * in a partition that every erasure reads to its end.
 */

const DAY_MS = 86_400_000;
const RAW_DAYS = 30;
/** An item holds 400 KB. Only a single callback above this limit loses its end. */
export const RAW_LIMIT = 256 * 1024;
/** Partitions of the index of due items, in the order in which they were filled. The sweeper reads others. */
const UNLISTED = 'raw';
const LISTED = 'raw-named';
/** The place before both: the lists by name. */
const LISTS = '';
const PREFIX = 'raw#';
const NAME = 'named#';
/** Real callbacks have about ten. */
const MOST_NAMES = 32;
const AT_ONCE = 16;
const PAGE = 500;
const END_OF_TIME = new Date(8.64e15);

type StoredRaw = Omit<RawCallback, 'id'> & { readonly isListed?: true | undefined };

const keptUntil = (keptAt: Date) => inSeconds(new Date(keptAt.getTime() + RAW_DAYS * DAY_MS));

const codec = attributes<StoredRaw>({
  fields: {
    text: plain,
    keptAt: as('at', instant),
    why: plain,
    receivedAt: instant,
    bytes: plain,
    isListed: plain,
  },
  derived: {
    due: ({ isListed }) => (isListed ? LISTED : UNLISTED),
    dueAt: ({ keptAt }) => keptAt.getTime(),
    expires: ({ keptAt }) => keptUntil(keptAt),
  },
});

/** `key`: of the hashes; undefined if a raw callback can't be listed. */
export function makeRawCallbackStore(
  table: Table,
  key: () => Promise<string | undefined> = () => Promise.resolve(undefined),
): RawCallbackStore {
  const own = table.owning('raw#', 'named#');

  async function rawAt(id: string): Promise<RawCallback | undefined> {
    const stored = await table.get(PREFIX + id);
    if (!stored) return undefined;
    const { isListed: _, ...raw } = codec.decode(stored.value);
    return { id, ...raw };
  }

  /** Before the callback itself: after a crash, a name without one does no harm. */
  async function list(id: string, names: ReadonlySet<string>, hashOf: (name: string) => string, now: Date) {
    const put = (name: string) => {
      const pair = NAME + hashOf(name);
      return own.overwrite({ pk: `${pair}#${id}`, pair, stage: id, expires: keptUntil(now) });
    };
    await mapEnded([...names], put, { concurrency: AT_ONCE });
  }

  async function dropIfAbout(
    ids: readonly string[],
    customers: readonly CustomerId[],
    business: PhoneNumber | undefined,
  ): Promise<string[]> {
    const isHit = async (id: string) => isAbout((await rawAt(id))?.text ?? '', customers, business);
    const hits = await mapEnded(ids, isHit, { concurrency: AT_ONCE });
    const found = ids.filter((_, n) => hits[n]);
    await mapEnded(found, (id) => own.drop(PREFIX + id), { concurrency: AT_ONCE });
    return found;
  }

  /** What is left of the lists holds hashes only, and expires. */
  async function dropListed(
    customer: CustomerId,
    hashOf: (name: string) => string,
    { business, isOver }: { readonly business: PhoneNumber | undefined; readonly isOver: () => boolean },
  ): Promise<{ readonly dropped: number; readonly isDone: boolean }> {
    const partitions = namesOf(customer).map((name) => NAME + hashOf(name));
    const [partition] = partitions;
    if (partition === undefined) return { dropped: 0, isDone: true };
    let dropped = 0;
    let before: string | undefined;
    for (;;) {
      const keys = await table.listed(partition, { limit: PAGE, before });
      const ids = keys.map(({ stage }) => stage);
      const found = await dropIfAbout(ids, [customer], business);
      const entries = found.flatMap((id) => partitions.map((one) => `${one}#${id}`));
      await mapEnded(entries, (pk) => own.drop(pk), { concurrency: AT_ONCE });
      dropped += found.length;
      before = keys.at(-1)?.stage;
      if (keys.length < PAGE) return { dropped, isDone: true };
      if (isOver()) return { dropped, isDone: false };
    }
  }

  async function walk(
    partition: string,
    customers: readonly CustomerId[],
    {
      business,
      after,
      isOver,
    }: Pick<RawPage, 'business'> & { readonly after: DueKey | undefined; readonly isOver: () => boolean },
  ): Promise<{ readonly dropped: number; readonly next: DueKey | undefined }> {
    let dropped = 0;
    let last = after;
    for (;;) {
      const keys = await table.dueKeys(partition, { upTo: END_OF_TIME, limit: PAGE, after: last });
      const ids = keys.map(({ pk }) => pk.slice(PREFIX.length));
      dropped += (await dropIfAbout(ids, customers, business)).length;
      last = keys.at(-1) ?? last;
      if (keys.length < PAGE) return { dropped, next: undefined };
      if (isOver()) return { dropped, next: last };
    }
  }

  return {
    async keepRaw(callback, now, { why, receivedAt } = {}) {
      const whole = Buffer.from(callback);
      const text = whole.subarray(0, RAW_LIMIT).toString('utf8');
      const value = await key();
      const id = value === undefined ? digestOf(callback) : keyedHash(value, 'raw', callback);
      const names = value === undefined ? undefined : namesIn(text, MOST_NAMES);
      if (value !== undefined && names) await list(id, names, (name) => keyedHash(value, 'name', name), now);
      const isListed = names && true;
      const item = codec.encode({ text, keptAt: now, why, receivedAt, bytes: whole.length, isListed });
      // The first arrival stays: a replay of the callback counts from it.
      await own.create({ ...item, pk: PREFIX + id });
    },
    async listRaw(limit) {
      const range = { upTo: END_OF_TIME, limit };
      const keys = await allEnded([table.dueKeys(UNLISTED, range), table.dueKeys(LISTED, range)]);
      const oldest = keys
        .flat()
        .sort((a, b) => a.dueAt - b.dueAt)
        .slice(0, limit);
      const found = await mapEnded(oldest, ({ pk }) => rawAt(pk.slice(PREFIX.length)), {
        concurrency: AT_ONCE,
      });
      return found.filter((raw) => raw !== undefined);
    },
    rawNaming: makeRawSearch(table, [UNLISTED, LISTED], ({ pk }) => rawAt(pk.slice(PREFIX.length))),
    dropRaw: (id) => own.drop(PREFIX + id),
    async dropRawNaming(customers, { business, after, isOver = () => false } = {}) {
      let dropped = 0;
      const value = after && after.partition !== LISTS ? undefined : await key();
      if (value !== undefined)
        for (const one of customers) {
          const hashOf = (name: string) => keyedHash(value, 'name', name);
          const listed = await dropListed(one, hashOf, { business, isOver });
          dropped += listed.dropped;
          // What was dropped is in no list any more: they begin anew.
          if (!listed.isDone) return { dropped, next: { partition: LISTS, pk: '', dueAt: 0 } };
        }
      // A short number is in no list, so all callbacks are read for it.
      const isShort = customers.some((customer) => namesOf(customer).length === 0);
      for (const partition of isShort ? [UNLISTED, LISTED] : [UNLISTED]) {
        if (after && partition < after.partition) continue;
        const walked = await walk(partition, customers, {
          business,
          after: after?.partition === partition ? after : undefined,
          isOver,
        });
        dropped += walked.dropped;
        if (walked.next) return { dropped, next: { ...walked.next, partition } };
      }
      return { dropped, next: undefined };
    },
  };
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
