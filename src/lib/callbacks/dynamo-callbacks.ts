import { createHash } from 'node:crypto';
import type { ReportedStatus } from '../messages/status.ts';
import { allEnded } from '../platform/all-ended.ts';
import { attributes } from '../platform/dynamo-codec.ts';
import { as, inSeconds, instant, plain, seconds } from '../platform/dynamo-fields.ts';
import type { Table } from '../platform/dynamo-table.ts';
import { makeRawCallbackStore } from './dynamo-raw-callbacks.ts';
import { templateStatusCodec } from './dynamo-template-statuses.ts';
import { isEarlier } from './inbound-record.ts';
import type { CallbackStore, InboundRecord, UnmatchedStatus } from './ports.ts';

const DAY_MS = 86_400_000;
/** Longer than WhatsApp repeats a webhook (7 days). */
const INBOUND_DAYS = 8;
const UNMATCHED = 'orphan';
const TRIES = 5;

const later = (at: Date, days: number) => new Date(at.getTime() + days * DAY_MS);

const keepUntil = as('expires', seconds);

interface StoredInbound extends Omit<InboundRecord, 'id'> {
  readonly keepUntil: Date;
}

const inboundAttributes = attributes<StoredInbound>({
  fields: { writtenAt: as('at', instant), seenAt: instant, place: plain, keepUntil },
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

  /** The first record of this id. A copy that arrived earlier and is handled later corrects it. */
  async function remember(own: InboundRecord, now: Date): Promise<InboundRecord> {
    const { id, ...fields } = own;
    // Hashed, because WhatsApp's ids contain the customer's number in base64.
    const pk = `inbound#${digestOf(id)}`;
    const first = inboundAttributes.encode({ ...fields, keepUntil: later(now, INBOUND_DAYS) });
    let { done, stored } = await table.create({ ...first, pk });
    for (let tries = 0; !done && stored && tries < TRIES; tries += 1) {
      const { keepUntil, ...known } = inboundAttributes.decode(stored.value);
      if (!isEarlier(own, known)) return { id, ...known };
      const corrected = inboundAttributes.encode({ ...fields, keepUntil });
      ({ done, stored } = await table.replace({ ...corrected, pk }, stored.revision));
    }
    return own;
  }

  return {
    ...makeRawCallbackStore(table),
    remember,
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
