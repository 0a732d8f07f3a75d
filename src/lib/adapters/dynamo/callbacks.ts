import { createHash } from 'node:crypto';
import type { Rung } from '../../domain/ladder.ts';
import type { CallbackStore, Orphan } from '../../ports.ts';
import type { Item, Table } from './table.ts';

const DAY_S = 86_400;
/** Longer than WhatsApp goes on repeating a webhook (7 days). */
const INBOUND_DAYS = 8;
const RAW_DAYS = 30;
/** An item holds 400 KB; what is cut is the end of a single callback of that size. */
const RAW_LIMIT = 256 * 1024;
const ORPHANS = 'orphan';

const inSeconds = (at: Date, days: number) => Math.ceil(at.getTime() / 1000) + days * DAY_S;

interface OrphanRow {
  readonly orphanOf: string;
  readonly status: Rung;
  readonly at: number;
  readonly keptAt: number;
  readonly detail?: string;
}

export function makeCallbackStore(table: Table): CallbackStore {
  async function orphanAt(pk: string): Promise<Orphan | undefined> {
    const stored = await table.get(pk);
    if (!stored) return undefined;
    const { orphanOf: waId, status, at, keptAt, detail } = stored.value as Item & OrphanRow;
    return { waId, report: { status, at: new Date(at), waId, detail }, keptAt: new Date(keptAt) };
  }

  return {
    async remember({ id, writtenAt }, now) {
      const item = { pk: `inbound#${id}`, at: writtenAt.getTime(), expires: inSeconds(now, INBOUND_DAYS) };
      const { stored } = await table.create(item);
      return { id, writtenAt: new Date((stored?.value['at'] as number | undefined) ?? item.at) };
    },
    async keepRaw(text, now) {
      const digest = createHash('sha256').update(text).digest('hex');
      const kept = Buffer.from(text).subarray(0, RAW_LIMIT).toString('utf8');
      await table.overwrite({
        pk: `raw#${digest}`,
        text: kept,
        at: now.getTime(),
        expires: inSeconds(now, RAW_DAYS),
      });
    },
    async keepOrphan({ waId, report, keptAt }, dueAt) {
      const row: OrphanRow & { detail?: string | undefined } = {
        // Not `waId`: the index of messages by WhatsApp's id must not find orphans.
        orphanOf: waId,
        status: report.status,
        at: report.at.getTime(),
        keptAt: keptAt.getTime(),
        ...(report.detail === undefined ? {} : { detail: report.detail }),
      };
      const due = dueAt ? { due: ORPHANS, dueAt: dueAt.getTime() } : {};
      await table.overwrite({
        pk: orphanKey(waId, report.status),
        ...row,
        ...due,
        expires: inSeconds(keptAt, INBOUND_DAYS),
      });
    },
    async dueOrphans(now, limit) {
      const keys = await table.dueKeys(ORPHANS, { upTo: now, limit });
      const orphans = await Promise.all(keys.map(({ pk }) => orphanAt(pk)));
      return orphans.filter((orphan) => orphan !== undefined);
    },
    dropOrphan: ({ waId, report }) => table.drop(orphanKey(waId, report.status)),
  };
}

function orphanKey(waId: string, status: Rung): string {
  return `orphan#${waId}#${status}`;
}
