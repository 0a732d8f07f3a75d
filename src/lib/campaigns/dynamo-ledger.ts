import { attributes } from '../platform/dynamo-codec.ts';
import { as, type FieldCodec, inline, instant, plain, seconds } from '../platform/dynamo-fields.ts';
import type { Table } from '../platform/dynamo-table.ts';
import type { BatchCounts, LedgerBatch, Settlement } from './ledger.ts';
import type { BatchKey, LedgerStore } from './ports.ts';

const pkOf = ({ campaignId, n }: BatchKey) => `batch#${campaignId}#${n}`;

/** A set of strings in the table. An empty set is a missing attribute. */
const rowSet: FieldCodec<readonly number[]> = {
  encode: (rows) => (rows.length > 0 ? new Set(rows.map(String)) : undefined),
  decode: (stored) => [...(stored as Set<string>)].map(Number).sort((a, b) => a - b),
  absent: [],
};

const { encode, decode } = attributes<LedgerBatch>({
  fields: {
    campaignId: plain,
    n: plain,
    first: plain,
    count: plain,
    offset: plain,
    length: plain,
    pending: rowSet,
    // Each count is an attribute of its own, so that one update can add to it.
    counts: inline<BatchCounts>({
      sent: plain,
      parked: plain,
      queued: plain,
      unknown: plain,
      failed: plain,
      'opted-out': plain,
      'window-shut': plain,
    }),
    outcomes: plain,
    lastSentAt: instant,
    enqueuedAt: as('wokenAt', instant),
    isEnqueued: plain,
    rounds: as('wakes', plain),
    lostAfter: as('wakeAt', instant),
    keepUntil: as('expires', seconds),
  },
});

/** The ledger of campaigns, batch by batch. */
export function makeLedgerStore(table: Table): LedgerStore {
  const own = table.owning('batch#');
  return {
    async get(key) {
      const stored = await table.get(pkOf(key));
      return stored && decode(stored.value);
    },
    async open(batch) {
      const { stored } = await own.create({ ...encode(batch), pk: pkOf(batch) });
      return stored ? decode(stored.value) : batch;
    },
    async settle(key, row, { sentAt, ...kept }: Settlement) {
      const { outcome, reason, messageId } = kept;
      const isPlain = outcome === 'sent' && reason === undefined && messageId === undefined;
      const written = await own.update(pkOf(key), {
        update: 'DELETE pending :rows ADD #outcome :one',
        set: [isPlain ? [] : 'outcomes.#row = :settlement', sentAt ? 'lastSentAt = :sentAt' : []]
          .flat()
          .join(', '),
        condition: 'contains(pending, :row)',
        names: { '#outcome': outcome, ...(isPlain ? {} : { '#row': String(row) }) },
        values: {
          ':rows': new Set([String(row)]),
          ':row': String(row),
          ':one': 1,
          ...(sentAt ? { ':sentAt': sentAt.getTime() } : {}),
          ...(isPlain ? {} : { ':settlement': kept }),
        },
      });
      return written.done ? decode(written.stored.value) : undefined;
    },
    async claimRound(seen, { enqueuedAt, lostAfter, rounds }) {
      const written = await own.update(pkOf(seen), {
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
      await own.update(pkOf(key), {
        update: '',
        set: 'isEnqueued = :yes',
        condition: 'wokenAt = :wokenAt',
        values: { ':yes': true, ':wokenAt': enqueuedAt.getTime() },
      });
    },
    async postpone(key, lostAfter) {
      await own.update(pkOf(key), {
        update: '',
        set: 'wakeAt = :wakeAt',
        condition: 'wakeAt < :wakeAt',
        values: { ':wakeAt': lostAfter.getTime() },
      });
    },
  };
}
