import type { MessageId } from '../messages/message.ts';
import type { ThrottleReason } from '../messages/outcome.ts';
import { isTemplateThrough } from '../messages/template-message.ts';
import { AppError } from '../platform/errors.ts';
import type { Clock, Random, Telemetry } from '../platform/ports.ts';
import { updateOrCreate, updateWithRetry } from '../platform/update-with-retry.ts';
import type { BackgroundRun } from '../sending/attempt.ts';
import { parseFlow } from '../sending/contract.ts';
import type { SendFlow } from '../sending/send-flow.ts';
import type { TombstoneStore } from '../sessions/ports.ts';
import type { PhoneNumber } from '../whatsapp/phone.ts';
import { type Campaign, isPastItsTime } from './campaign.ts';
import type { CountFailures } from './failures/count.ts';
import { isOutpaced, type LedgerBatch, lossDeadline, recipientMessageId, type Settlement } from './ledger.ts';
import { transition } from './lifecycle.ts';
import { makeSpareId } from './ownership/spare-id.ts';
import type { PlanReader } from './plan/reader.ts';
import { RecipientsFault } from './plan/recipient.ts';
import { personalised } from './plan/row.ts';
import type { CampaignQueue, CampaignStore, LedgerStore, RateLimitStore, RecipientJob } from './ports.ts';
import { slowed } from './rate-limit.ts';
import {
  type Failure,
  type JobResult,
  pauseFor,
  resultOfProblem,
  resultOfStatus,
} from './recipient-result.ts';
import type { CampaignRunner } from './run.ts';
import { ERASED, wasErased } from './runs/erased-recipient.ts';

/*
 * Processes one recipient's job, in the worker:
 *
 * 1. Wait until the scheduled time, if it is near.
 * 2. Check that the campaign is running and the recipient pending; otherwise drop the job. If the campaign is
 *    paused or was slowed, the recipient stays pending and is scheduled again. A job that is far too early goes back
 *    into the queue.
 * 3. Unless the person was erased since the recipients were put, send the flow like any caller, under the messageId derived from campaign and number.
 * 4. Settle the row in the ledger by one conditional write, requeue the job, or pause the campaign.
 */

export interface SendToRecipientDeps {
  readonly campaigns: CampaignStore;
  readonly ledger: LedgerStore;
  readonly campaignQueue: CampaignQueue;
  readonly rateLimits: RateLimitStore;
  readonly planReader: PlanReader;
  readonly tombstones: Pick<TombstoneStore, 'erasedAt'>;
  readonly sendFlow: Pick<SendFlow, 'send'>;
  readonly runner: CampaignRunner;
  readonly countFailures: CountFailures;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly numberPerMinute: number;
}

/** A job that is due later than this goes back into the queue. */
const LONGEST_WAIT_MS = 1_500;

export function makeSendToRecipient(deps: SendToRecipientDeps) {
  const { campaigns, ledger, campaignQueue, rateLimits, planReader, runner, clock, random, telemetry } = deps;
  const spareId = makeSpareId(deps);

  return async function sendToRecipient(
    job: RecipientJob,
    run: Omit<BackgroundRun, 'source'>,
  ): Promise<void> {
    const isNear = await untilScheduled(job);
    const campaign = (await campaigns.get(job.campaignId))?.value;
    if (campaign?.state !== 'running' || isPastItsTime(campaign, clock.now())) return;
    const batch = await ledger.get(job);
    if (!batch?.pending.includes(job.row) || isOutpaced(batch, campaign)) return;
    if (batch.enqueuedAt.getTime() !== job.enqueuedAt.getTime()) return;
    if (!isNear) return campaignQueue.enqueue([job], campaign.clientId);
    const result = await sendTo(campaign, { job, batch }, run);
    switch (result.kind) {
      case 'settle':
        if (await settle(campaign, job, result.settlement)) await count(campaign, result.failure);
        return react(campaign, result.throttleReason);
      case 'again':
        if (result.slow) await slowDown(campaign.message.from);
        // First, so that a fault of the queue hides no failure from the count.
        await count(campaign, result.failure);
        return requeue(campaign, job, result.afterSeconds);
      case 'pause':
        return pause(campaign, result.reason);
    }
  };

  /**
   * Waits if the scheduled time is near; false if it is far. Comes before any check, so that a pause stops the jobs
   * that wait, too.
   */
  async function untilScheduled({ scheduledAt }: RecipientJob): Promise<boolean> {
    const ms = scheduledAt.getTime() - clock.now().getTime();
    if (ms > LONGEST_WAIT_MS) return false;
    if (ms > 0) await clock.sleep(ms);
    return true;
  }

  async function sendTo(
    campaign: Campaign,
    { job, batch }: { readonly job: RecipientJob; readonly batch: LedgerBatch },
    run: Omit<BackgroundRun, 'source'>,
  ): Promise<JobResult> {
    let spare: Pick<Settlement, 'messageId'> = {};
    try {
      const recipient = await planReader.recipient(campaign, batch, job.row);
      if (!recipient || (await wasErased(deps.tombstones, campaign, recipient.to))) return ERASED;
      const { to, columns } = recipient;
      const by = { clientId: campaign.clientId, seesAll: false, respondAsync: false, ...run };
      const flow = { ...personalised(campaign.message, columns), to };
      const sendAs = (messageId: MessageId) =>
        deps.sendFlow.send({ ...by, request: parseFlow({ ...flow, messageId }, undefined) });
      const own = recipientMessageId(campaign, to);
      const { message, throttleReason } = await sendAs(own).catch(async (fault) => {
        const messageId = await spareId(campaign, to, fault);
        spare = { messageId };
        return sendAs(messageId);
      });
      const result = resultOfStatus(message.answer ? 'sent' : message.status, throttleReason);
      // LipaChat accepted the flow, or its template message: failures before this are no longer in a row.
      const isThrough = message.answer !== undefined || isTemplateThrough(message);
      return settledWith({ ...spare, ...(isThrough ? { sentAt: clock.now() } : {}) }, result);
    } catch (fault) {
      if (fault instanceof RecipientsFault)
        return { kind: 'pause', reason: `its plan can't be read: ${fault.message}` };
      if (fault instanceof AppError)
        return settledWith(spare, resultOfProblem(fault, { tries: job.tries, random: random.fraction() }));
      throw fault;
    }
  }

  /** The worker that empties a batch aggregates it, and so completes the campaign after the last one. */
  async function settle(campaign: Campaign, job: RecipientJob, settlement: Settlement): Promise<boolean> {
    const after = await ledger.settle(job, job.row, settlement);
    if (!after) return false;
    telemetry.count(`campaign.${settlement.outcome}`);
    if (after.pending.length > 0) return true;
    const stored = await campaigns.get(campaign.campaignId);
    // The recipient is settled anyway, and the tick aggregates too.
    if (stored)
      await runner.aggregate(stored).catch((fault) => telemetry.error('campaign.aggregate-failed', fault));
    return true;
  }

  /** Pauses the campaign after too many failures of one cause. The job itself is done, whatever becomes of the count. */
  async function count(campaign: Campaign, failure: Failure | undefined): Promise<void> {
    if (!failure) return;
    try {
      if (await deps.countFailures(campaign.campaignId, failure.cause)) await pause(campaign, failure.reason);
    } catch (fault) {
      telemetry.error('campaign.failure-uncounted', fault, { campaignId: campaign.campaignId });
    }
  }

  async function react(campaign: Campaign, throttleReason: ThrottleReason | undefined): Promise<void> {
    if (throttleReason === 'wait') await slowDown(campaign.message.from);
    const reason = pauseFor(throttleReason);
    if (reason) await pause(campaign, reason);
  }

  async function requeue({ clientId }: Campaign, job: RecipientJob, afterSeconds: number): Promise<void> {
    const scheduledAt = new Date(clock.now().getTime() + afterSeconds * 1000);
    await ledger.postpone(job, lossDeadline(scheduledAt));
    await campaignQueue.enqueue([{ ...job, scheduledAt, tries: job.tries + 1 }], clientId);
  }

  /** The number sends too fast, so all its campaigns slow down. */
  async function slowDown(business: PhoneNumber): Promise<void> {
    const now = clock.now();
    const full = { business, perMinute: deps.numberPerMinute, slowedAt: new Date(0) };
    await updateOrCreate(rateLimits, business, full, (pace) => {
      const next = slowed(pace, deps.numberPerMinute, now);
      return next === pace ? pace : { ...pace, ...next };
    });
    telemetry.count('campaign.slowed');
  }

  /** Pauses the campaign, unless it was resumed after this job began: the trouble may be over by then. */
  async function pause({ campaignId, resumedAt }: Campaign, reason: string): Promise<void> {
    const stored = await campaigns.get(campaignId);
    const after = await updateWithRetry(campaigns, stored, (c) =>
      c.resumedAt?.getTime() === resumedAt?.getTime()
        ? transition(c, 'paused', { reason, now: clock.now() })
        : c,
    );
    if (after?.value === stored?.value) return;
    telemetry.count('gateway.alert');
    telemetry.warn('campaign.paused', { campaignId, reason });
  }
}

/** The result with what else is to be kept of a recipient that it settles. */
function settledWith(kept: Pick<Settlement, 'messageId' | 'sentAt'>, result: JobResult): JobResult {
  if (result.kind !== 'settle') return result;
  return { ...result, settlement: { ...result.settlement, ...kept } };
}
