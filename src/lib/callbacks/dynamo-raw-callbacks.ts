import { createHash } from 'node:crypto';
import { allEnded, mapEnded } from '../platform/all-ended.ts';
import { attributes } from '../platform/dynamo-codec.ts';
import { as, inSeconds, instant, plain } from '../platform/dynamo-fields.ts';
import type { Table } from '../platform/dynamo-table.ts';
import { isNamedIn } from '../whatsapp/phone.ts';
import type { RawCallback, RawCallbackStore } from './ports.ts';

const DAY_MS = 86_400_000;
const RAW_DAYS = 30;
/** An item holds 400 KB. Only a single callback above this limit loses its end. */
export const RAW_LIMIT = 256 * 1024;
const RAW = 'raw';
const PREFIX = 'raw#';
const AT_ONCE = 16;
const SEARCHED = 10_000;
const END_OF_TIME = new Date(8.64e15);

type StoredRaw = Omit<RawCallback, 'id'>;

const codec = attributes<StoredRaw>({
  fields: { text: plain, keptAt: as('at', instant), why: plain, receivedAt: instant, bytes: plain },
  derived: {
    // In the index of due items, so that erasure finds it. The sweeper reads other partitions.
    due: () => RAW,
    dueAt: ({ keptAt }) => keptAt.getTime(),
    expires: ({ keptAt }) => inSeconds(new Date(keptAt.getTime() + RAW_DAYS * DAY_MS)),
  },
});

export function makeRawCallbackStore(table: Table): RawCallbackStore {
  const own = table.owning('raw#');

  async function idsOf(limit: number): Promise<string[]> {
    const kept = await table.dueKeys(RAW, { upTo: END_OF_TIME, limit });
    return kept.map(({ pk }) => pk.slice(PREFIX.length));
  }

  async function rawAt(id: string): Promise<RawCallback | undefined> {
    const stored = await table.get(PREFIX + id);
    return stored && { id, ...codec.decode(stored.value) };
  }

  return {
    async keepRaw(callback, now, { why, receivedAt } = {}) {
      const whole = Buffer.from(callback);
      const text = whole.subarray(0, RAW_LIMIT).toString('utf8');
      const item = codec.encode({ text, keptAt: now, why, receivedAt, bytes: whole.length });
      // The first arrival stays: a replay of the callback counts from it.
      await own.create({ ...item, pk: `${PREFIX}${digestOf(callback)}` });
    },
    async listRaw(limit) {
      const found = await mapEnded(await idsOf(limit), rawAt, { concurrency: AT_ONCE });
      return found.filter((raw) => raw !== undefined);
    },
    dropRaw: (id) => own.drop(PREFIX + id),
    async dropRawNaming(number) {
      const ids = await idsOf(SEARCHED);
      const named = async (id: string) => isNamedIn((await rawAt(id))?.text ?? '', number);
      const hits = await mapEnded(ids, named, { concurrency: AT_ONCE });
      const found = ids.filter((_, n) => hits[n]);
      await allEnded(found.map((id) => own.drop(PREFIX + id)));
      return found.length;
    },
  };
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
