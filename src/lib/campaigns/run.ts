import { allEnded, mapEnded } from '../platform/all-ended.ts';
import type { Clock, Stored, Telemetry } from '../platform/ports.ts';
import { updateWithRetry } from '../platform/update-with-retry.ts';
import { type Campaign, hasMore } from './campaign.ts';
import type { CampaignId } from './campaign-id.ts';
import { type LedgerBatch, MAX_ROUNDS, openedBatch, reasonToReenqueue, reenqueued } from './ledger.ts';
import { transition } from './lifecycle.ts';
import { RecipientsFault } from './plan/recipient.ts';
import { takeRecipients } from './plan/take.ts';
import type { CampaignQueue, CampaignStore, LedgerStore, ObjectStore } from './ports.ts';
import { withAggregated, withBatch, withShare } from './progress.ts';
import { scheduleFor } from './rate-limit.ts';

/*
 * Reconciles a running campaign with its ledger. Any number of runs may overlap, and any of them may die.
 * Each run takes send times by one conditional write of the campaign's item, and only the run that made the
 * write enqueues for them.
 *
 * 1. Aggregate: add complete batches to the totals, each once, in order.
 * 2. Re-enqueue: give new send times to batches with lost records, or with records that a pause or slow-down
 *    made void.
 * 3. Fill: take batches from the plan until the next 90 seconds are scheduled.
 * 4. Complete: end the campaign once every recipient is taken, settled and counted.
 */

export interface RunCampaignDeps {
  readonly campaigns: CampaignStore;
  readonly ledger: LedgerStore;
  readonly objects: ObjectStore;
  readonly campaignQueue: CampaignQueue;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

export type CampaignRunner = ReturnType<typeof makeCampaignRunner>;

/** A minute, and how late a tick may be. */
const HORIZON_MS = 90_000;
const READ_AT_ONCE = 16;
/** Batches enqueued at the same time, while the next ones are taken. */
const ENQUEUED_AT_ONCE = 4;

export function makeCampaignRunner(deps: RunCampaignDeps) {
  const { campaigns, ledger, objects, campaignQueue, clock, telemetry } = deps;

  /** `share`: the campaign's part of the number's rate, in messages a minute. */
  async function reconcile(found: Stored<Campaign>, share: number): Promise<Campaign | undefined> {
    const aggregated = await aggregate(found);
    if (aggregated?.value.state !== 'running') return aggregated?.value;
    const now = clock.now();
    const counted = await updateWithRetry(campaigns, aggregated, (c) =>
      transition(withShare(c, share, now), 'progressed', { now }),
    );
    if (counted?.value.state !== 'running') return counted?.value;
    return (await fill(await reenqueue(counted, share), share)).value;
  }

  /** Adds complete batches to the totals, and completes a finished campaign. */
  async function aggregate(found: Stored<Campaign>): Promise<Stored<Campaign> | undefined> {
    let current: Stored<Campaign> | undefined = found;
    while (current && current.value.aggregated < current.value.cursor.batch) {
      const batch: LedgerBatch | undefined = await ledger.get({
        campaignId: current.value.campaignId,
        n: current.value.aggregated,
      });
      if (!batch || batch.pending.length > 0) break;
      current = await updateWithRetry(campaigns, current, (c) =>
        transition(withAggregated(c, batch), 'progressed', { now: clock.now() }),
      );
    }
    return current;
  }

  async function openBatches({ campaignId, aggregated, cursor }: Campaign): Promise<LedgerBatch[]> {
    const places = Array.from({ length: cursor.batch - aggregated }, (_, k) => aggregated + k);
    const found = await mapEnded(places, (n) => ledger.get({ campaignId, n }), { concurrency: READ_AT_ONCE });
    return found.filter((batch) => batch !== undefined);
  }

  async function reenqueue(found: Stored<Campaign>, share: number): Promise<Stored<Campaign>> {
    let current = found;
    for (const batch of await openBatches(found.value)) {
      const now = clock.now();
      const why = reasonToReenqueue(batch, { now, resumedAt: current.value.resumedAt });
      if (!why || isFilled(current.value, now)) continue;
      if (why === 'lost' && batch.rounds >= MAX_ROUNDS) {
        await giveUp(current, batch);
        continue;
      }
      const { at, next } = scheduleOf(current.value, batch.pending.length, share);
      const moved = await campaigns.replace(current, { ...current.value, nextScheduledAt: next });
      if (!moved.done) return moved.stored ?? current;
      current = moved.stored;
      const again = reenqueued(batch, why, { now, lastScheduledAt: next });
      if (!(await ledger.claimRound(batch, again))) continue;
      const { campaignId, n, pending } = batch;
      telemetry.warn('campaign.batch-reenqueued', { campaignId, n, why, pending: pending.length });
      await enqueue(current.value, again, at);
    }
    return current;
  }

  /**
   * The batch has been enqueued again MAX_ROUNDS times. If no recipient was ever settled, assume the workers
   * are down and pause the campaign; otherwise fail the remaining recipients.
   */
  async function giveUp({ value: { campaignId } }: Stored<Campaign>, batch: LedgerBatch): Promise<void> {
    const { n, count, pending, rounds } = batch;
    telemetry.error('campaign.batch-given-up', undefined, { campaignId, n, pending: pending.length });
    if (pending.length === count) {
      const reason = `its recipients were enqueued ${rounds} times, and no worker settled any of them`;
      await standStill(campaignId, reason);
      return;
    }
    const settlement = {
      outcome: 'failed',
      reason: `it was enqueued ${rounds} times and could not be sent`,
    } as const;
    await mapEnded(pending, (row) => ledger.settle(batch, row, settlement), { concurrency: READ_AT_ONCE });
  }

  async function standStill(campaignId: CampaignId, reason: string): Promise<Campaign | undefined> {
    telemetry.count('gateway.alert');
    telemetry.warn('campaign.paused', { campaignId, reason });
    const stored = await campaigns.get(campaignId);
    return (
      await updateWithRetry(campaigns, stored, (c) => transition(c, 'paused', { reason, now: clock.now() }))
    )?.value;
  }

  async function fill(found: Stored<Campaign>, share: number): Promise<Stored<Campaign>> {
    let current = found;
    const enqueuing: Promise<void>[] = [];
    try {
      while (
        current.value.state === 'running' &&
        hasMore(current.value) &&
        !isFilled(current.value, clock.now())
      ) {
        const taken = await takeRecipients(objects, current.value, share);
        const { at, next } = scheduleOf(current.value, taken.count, share);
        // The ledger before the cursor: after a crash, everything that the cursor passed is in the ledger.
        const batch = await ledger.open(openedBatch(taken, { now: clock.now(), lastScheduledAt: next }));
        const step = { rows: batch.count, bytes: batch.length, nextScheduledAt: next };
        const moved = await campaigns.replace(current, withBatch(current.value, step));
        current = moved.stored ?? current;
        // Another run continues from here.
        if (!moved.done) break;
        enqueuing.push(enqueue(current.value, batch, at));
        if (enqueuing.length >= ENQUEUED_AT_ONCE) await enqueuing.shift();
      }
    } finally {
      await allEnded(enqueuing);
    }
    return current;
  }

  const scheduleOf = ({ nextScheduledAt }: Campaign, count: number, perMinute: number) => {
    const now = clock.now();
    return scheduleFor({ nextScheduledAt: nextScheduledAt ?? now, now, count, perMinute });
  };

  const isFilled = ({ nextScheduledAt }: Campaign, now: Date) =>
    nextScheduledAt !== undefined && nextScheduledAt.getTime() > now.getTime() + HORIZON_MS;

  async function enqueue({ clientId }: Campaign, batch: LedgerBatch, times: readonly Date[]): Promise<void> {
    const { campaignId, n, pending, enqueuedAt } = batch;
    const jobs = pending.map((row, k) => {
      return { campaignId, n, row, enqueuedAt, scheduledAt: times[k] ?? clock.now(), tries: 0 };
    });
    // Later runs find what could not be enqueued.
    try {
      await campaignQueue.enqueue(jobs, clientId);
      await ledger.noteEnqueued(batch);
    } catch (fault) {
      telemetry.error('campaign.enqueue-failed', fault, { campaignId, n });
    }
  }

  /** If the plan object is gone, pauses the campaign with that reason. */
  async function reconcileOrPause(found: Stored<Campaign>, share: number): Promise<Campaign | undefined> {
    try {
      return await reconcile(found, share);
    } catch (fault) {
      if (!(fault instanceof RecipientsFault)) throw fault;
      return standStill(found.value.campaignId, `its plan can't be read: ${fault.message}`);
    }
  }

  return { reconcile: reconcileOrPause, aggregate };
}
