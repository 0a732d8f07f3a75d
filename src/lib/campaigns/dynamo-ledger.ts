import type { Item, Table } from '../platform/dynamo-table.ts';
import type { CampaignId } from './campaign-id.ts';
import { type LedgerBatch, OUTCOMES, type RecipientOutcome, type Settlement } from './ledger.ts';
import type { BatchKey, LedgerStore } from './ports.ts';

const pkOf = ({ campaignId, n }: BatchKey) => `batch#${campaignId}#${n}`;

/** Instants as epoch ms; each count is an attribute of its own, to be added to. A set that is empty is not there. */
type Row = Omit<LedgerBatch, 'pending' | 'counts' | 'enqueuedAt' | 'lostAfter' | 'rounds' | 'keepUntil'> &
  Readonly<Record<RecipientOutcome, number>> & {
    readonly pending?: Set<string>;
    /** The stored words for `enqueuedAt`, `lostAfter` and `rounds`. */
    readonly wokenAt: number;
    readonly wakeAt: number;
    readonly wakes: number;
    readonly expires: number;
  };

/** The ledger of campaigns, batch by batch. */
export function makeLedgerStore(table: Table): LedgerStore {
  return {
    async get(key) {
      const stored = await table.get(pkOf(key));
      return stored && fromItem(stored.value);
    },
    async open(batch) {
      const { stored } = await table.create(toItem(batch));
      return stored ? fromItem(stored.value) : batch;
    },
    async settle(key, row, { outcome, reason }: Settlement) {
      const isPlain = outcome === 'sent' && reason === undefined;
      const written = await table.update(pkOf(key), {
        update: 'DELETE pending :rows ADD #outcome :one',
        ...(isPlain ? {} : { set: 'outcomes.#row = :settlement' }),
        condition: 'contains(pending, :row)',
        names: { '#outcome': outcome, ...(isPlain ? {} : { '#row': String(row) }) },
        values: {
          ':rows': new Set([String(row)]),
          ':row': String(row),
          ':one': 1,
          ...(isPlain ? {} : { ':settlement': reason === undefined ? { outcome } : { outcome, reason } }),
        },
      });
      return written.done ? fromItem(written.stored.value) : undefined;
    },
    async claimRound(seen, { enqueuedAt, lostAfter, rounds }) {
      const written = await table.update(pkOf(seen), {
        update: '',
        set: 'wokenAt = :wokenAt, wakeAt = :wakeAt, wakes = :wakes, isEnqueued = :no',
        condition: 'wokenAt = :seen',
        values: {
          ':wokenAt': enqueuedAt.getTime(),
          ':wakeAt': lostAfter.getTime(),
          ':wakes': rounds,
          ':no': false,
          ':seen': seen.enqueuedAt.getTime(),
        },
      });
      return written.done;
    },
    async noteEnqueued({ enqueuedAt, ...key }) {
      await table.update(pkOf(key), {
        update: '',
        set: 'isEnqueued = :yes',
        condition: 'wokenAt = :wokenAt',
        values: { ':yes': true, ':wokenAt': enqueuedAt.getTime() },
      });
    },
    async postpone(key, lostAfter) {
      await table.update(pkOf(key), {
        update: '',
        set: 'wakeAt = :wakeAt',
        condition: 'wakeAt < :wakeAt',
        values: { ':wakeAt': lostAfter.getTime() },
      });
    },
  };
}

function toItem(batch: LedgerBatch): Item {
  const { pending, counts, enqueuedAt, lostAfter, rounds, keepUntil, ...plain } = batch;
  return {
    pk: pkOf(batch),
    ...plain,
    ...counts,
    pending: pending.length > 0 ? new Set(pending.map(String)) : undefined,
    wokenAt: enqueuedAt.getTime(),
    wakeAt: lostAfter.getTime(),
    wakes: rounds,
    expires: Math.ceil(keepUntil.getTime() / 1000),
  };
}

function fromItem(item: Item): LedgerBatch {
  const row = item as Item & Row;
  const { n, first, count, offset, length, outcomes, isEnqueued, wakes } = row;
  return {
    campaignId: row.campaignId as CampaignId,
    n,
    first,
    count,
    offset,
    length,
    outcomes,
    isEnqueued,
    rounds: wakes,
    pending: [...(row.pending ?? [])].map(Number).sort((a, b) => a - b),
    counts: Object.fromEntries(OUTCOMES.map((outcome) => [outcome, row[outcome]])) as LedgerBatch['counts'],
    enqueuedAt: new Date(row.wokenAt),
    lostAfter: new Date(row.wakeAt),
    keepUntil: new Date(row.expires * 1000),
  };
}
