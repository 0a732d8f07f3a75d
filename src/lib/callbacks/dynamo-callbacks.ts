import { createHash } from 'node:crypto';
import pMap from 'p-map';
import type { ReportedStatus } from '../messages/status.ts';
import type { Item, Table } from '../platform/dynamo-table.ts';
import { isNamedIn } from '../whatsapp/phone.ts';
import type { CallbackStore, UnmatchedStatus } from './ports.ts';

const DAY_S = 86_400;
/** Longer than WhatsApp goes on repeating a webhook (7 days). */
const INBOUND_DAYS = 8;
const RAW_DAYS = 30;
/** An item holds 400 KB; what is cut is the end of a single callback of that size. */
const RAW_LIMIT = 256 * 1024;
const UNMATCHED = 'orphan';
const RAW = 'raw';
const RAW_SEARCHED = 10_000;
const AT_ONCE = 16;
const END_OF_TIME = new Date(8.64e15);

const inSeconds = (at: Date, days: number) => Math.ceil(at.getTime() / 1000) + days * DAY_S;

interface UnmatchedRow {
  readonly orphanOf: string;
  readonly status: ReportedStatus;
  readonly at: number;
  readonly keptAt: number;
  readonly code?: number;
  readonly detail?: string;
}

export function makeCallbackStore(table: Table): CallbackStore {
  async function unmatchedAt(pk: string): Promise<UnmatchedStatus | undefined> {
    const stored = await table.get(pk);
    if (!stored) return undefined;
    const { orphanOf: waKey, status, at, keptAt, code, detail } = stored.value as Item & UnmatchedRow;
    return { waKey, report: { status, at: new Date(at), code, detail }, keptAt: new Date(keptAt) };
  }

  return {
    async remember({ id, writtenAt }, now) {
      // Hashed: WhatsApp's ids hold the customer's number in base64.
      const item = {
        pk: `inbound#${digestOf(id)}`,
        at: writtenAt.getTime(),
        expires: inSeconds(now, INBOUND_DAYS),
      };
      const { stored } = await table.create(item);
      return { id, writtenAt: new Date((stored?.value['at'] as number | undefined) ?? item.at) };
    },
    async keepRaw(text, now) {
      const kept = Buffer.from(text).subarray(0, RAW_LIMIT).toString('utf8');
      await table.overwrite({
        pk: `raw#${digestOf(text)}`,
        text: kept,
        at: now.getTime(),
        // In the index of due things, so that erasure finds it; the sweeper asks for others.
        due: RAW,
        dueAt: now.getTime(),
        expires: inSeconds(now, RAW_DAYS),
      });
    },
    async dropRawNaming(number) {
      const kept = await table.dueKeys(RAW, { upTo: END_OF_TIME, limit: RAW_SEARCHED });
      const keys = kept.map(({ pk }) => pk);
      const named = async (pk: string) => {
        const text = (await table.get(pk))?.value['text'];
        return typeof text === 'string' && isNamedIn(text, number);
      };
      const hits = await pMap(keys, named, { concurrency: AT_ONCE });
      const found = keys.filter((_, n) => hits[n]);
      await Promise.all(found.map((pk) => table.drop(pk)));
      return found.length;
    },
    keepTemplateStatus: ({ id, at, ...status }) =>
      table.overwrite({
        pk: `template-status#${id}`,
        ...status,
        at: at.getTime(),
        expires: inSeconds(at, RAW_DAYS),
      }),
    async keepUnmatched({ waKey, report, keptAt }, dueAt) {
      const row = {
        // Not `waKey`: the index of messages by WhatsApp's id must not find orphans.
        orphanOf: waKey,
        status: report.status,
        at: report.at.getTime(),
        keptAt: keptAt.getTime(),
        code: report.code,
        detail: report.detail,
      };
      const due = dueAt ? { due: UNMATCHED, dueAt: dueAt.getTime() } : {};
      await table.overwrite({
        pk: unmatchedKey(waKey, report.status),
        ...row,
        ...due,
        expires: inSeconds(keptAt, INBOUND_DAYS),
      });
    },
    async dueUnmatched(now, limit) {
      const keys = await table.dueKeys(UNMATCHED, { upTo: now, limit });
      const unmatchedStatuses = await Promise.all(keys.map(({ pk }) => unmatchedAt(pk)));
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
