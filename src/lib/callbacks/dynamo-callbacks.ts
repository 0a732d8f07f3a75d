import { createHash } from 'node:crypto';
import type { ReportedStatus } from '../messages/status.ts';
import { allEnded, mapEnded } from '../platform/all-ended.ts';
import { attributes } from '../platform/dynamo-codec.ts';
import { as, inSeconds, instant, plain, seconds } from '../platform/dynamo-fields.ts';
import type { Table } from '../platform/dynamo-table.ts';
import { isNamedIn } from '../whatsapp/phone.ts';
import { templateStatusCodec } from './dynamo-template-statuses.ts';
import type { CallbackStore, InboundRecord, UnmatchedStatus } from './ports.ts';

const DAY_MS = 86_400_000;
/** Longer than WhatsApp repeats a webhook (7 days). */
const INBOUND_DAYS = 8;
const RAW_DAYS = 30;
/** An item holds 400 KB. Only a single callback above this limit loses its end. */
const RAW_LIMIT = 256 * 1024;
const UNMATCHED = 'orphan';
const RAW = 'raw';
const RAW_SEARCHED = 10_000;
const AT_ONCE = 16;
const END_OF_TIME = new Date(8.64e15);

const later = (at: Date, days: number) => new Date(at.getTime() + days * DAY_MS);

const keepUntil = as('expires', seconds);

interface StoredInbound extends Omit<InboundRecord, 'id'> {
  readonly keepUntil: Date;
}

const inboundAttributes = attributes<StoredInbound>({
  fields: { writtenAt: as('at', instant), seenAt: instant, keepUntil },
});

interface RawCallback {
  readonly text: string;
  readonly keptAt: Date;
}

const rawAttributes = attributes<RawCallback>({
  fields: { text: plain, keptAt: as('at', instant) },
  derived: {
    // In the index of due items, so that erasure finds it. The sweeper reads other partitions.
    due: () => RAW,
    dueAt: ({ keptAt }) => keptAt.getTime(),
    expires: ({ keptAt }) => inSeconds(later(keptAt, RAW_DAYS)),
  },
});

interface StoredUnmatched extends Omit<UnmatchedStatus['report'], 'waId' | 'gatewayMessageId'> {
  readonly waKey: string;
  readonly keptAt: Date;
  readonly dueAt?: Date | undefined;
}

const unmatchedAttributes = attributes<StoredUnmatched>({
  fields: {
    // Not named `waKey`, so that the index of messages by WhatsApp's id leaves it out.
    waKey: as('orphanOf', plain),
    status: plain,
    at: instant,
    code: plain,
    detail: plain,
    keptAt: instant,
    dueAt: instant,
  },
  derived: {
    due: ({ dueAt }) => dueAt && UNMATCHED,
    expires: ({ keptAt }) => inSeconds(later(keptAt, INBOUND_DAYS)),
  },
});

export function makeCallbackStore(table: Table): CallbackStore {
  async function unmatchedAt(pk: string): Promise<UnmatchedStatus | undefined> {
    const stored = await table.get(pk);
    if (!stored) return undefined;
    const { waKey, keptAt, status, at, code, detail } = unmatchedAttributes.decode(stored.value);
    return { waKey, report: { status, at, code, detail }, keptAt };
  }

  return {
    async remember({ id, writtenAt, seenAt }, now) {
      const first = { writtenAt, seenAt, keepUntil: later(now, INBOUND_DAYS) };
      // Hashed, because WhatsApp's ids contain the customer's number in base64.
      const { stored } = await table.create({
        ...inboundAttributes.encode(first),
        pk: `inbound#${digestOf(id)}`,
      });
      const known = stored ? inboundAttributes.decode(stored.value) : first;
      return { id, writtenAt: known.writtenAt, seenAt: known.seenAt };
    },
    async keepRaw(callback, now) {
      const text = Buffer.from(callback).subarray(0, RAW_LIMIT).toString('utf8');
      await table.overwrite({
        ...rawAttributes.encode({ text, keptAt: now }),
        pk: `raw#${digestOf(callback)}`,
      });
    },
    async dropRawNaming(number) {
      const kept = await table.dueKeys(RAW, { upTo: END_OF_TIME, limit: RAW_SEARCHED });
      const keys = kept.map(({ pk }) => pk);
      const named = async (pk: string) => {
        const stored = await table.get(pk);
        return stored !== undefined && isNamedIn(rawAttributes.decode(stored.value).text, number);
      };
      const hits = await mapEnded(keys, named, { concurrency: AT_ONCE });
      const found = keys.filter((_, n) => hits[n]);
      await allEnded(found.map((pk) => table.drop(pk)));
      return found.length;
    },
    keepTemplateStatus: (status) =>
      table.overwrite({ ...templateStatusCodec.toItem(status), pk: templateStatusCodec.pkOf(status.id) }),
    async keepUnmatched({ waKey, report, keptAt }, dueAt) {
      const { status, at, code, detail } = report;
      await table.overwrite({
        ...unmatchedAttributes.encode({ waKey, status, at, code, detail, keptAt, dueAt }),
        pk: unmatchedKey(waKey, status),
      });
    },
    async dueUnmatched(now, limit) {
      const keys = await table.dueKeys(UNMATCHED, { upTo: now, limit });
      const unmatchedStatuses = await allEnded(keys.map(({ pk }) => unmatchedAt(pk)));
      return unmatchedStatuses.filter((unmatched) => unmatched !== undefined);
    },
    dropUnmatched: ({ waKey, report }) => table.drop(unmatchedKey(waKey, report.status)),
  };
}

function unmatchedKey(waKey: string, status: ReportedStatus): string {
  return `orphan#${waKey}#${status}`;
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
