import { AppError } from '../platform/errors.ts';
import type { Clock, Random, Telemetry } from '../platform/ports.ts';
import { updateOrCreate, updateWithRetry } from '../platform/update-with-retry.ts';
import type { BackgroundRun, SendFlow } from '../sending/send-flow.ts';
import type { ErrorClass } from '../whatsapp/error-codes.ts';
import type { PhoneNumber } from '../whatsapp/phone.ts';
import { type Campaign, isPastItsTime } from './campaign.ts';
import { isOutpaced, type LedgerBatch, recipientMessageId, type Settlement, wakeAfter } from './ledger.ts';
import { transition } from './lifecycle.ts';
import type { PlanReader } from './plan/reader.ts';
import { RecipientsFault } from './plan/recipient.ts';
import { personalised } from './plan/row.ts';
import type {
  BatchStore,
  CampaignQueue,
  CampaignStore,
  NumberPaceStore,
  RecipientReader,
  RecipientTurn,
} from './ports.ts';
import { slowed } from './rate-limit.ts';
import { endOfProblem, endOfStatus, pauseFor, type TurnEnd } from './recipient-result.ts';
import type { CampaignRunner } from './run.ts';

/*
 * One recipient's turn, by the worker:
 *
 * 1. the campaign has to be running, and the recipient pending; else the turn is dropped. What is dropped while
 *    the campaign stands still, or since it was slowed, stays pending and gets a new slot;
 * 2. wait for the rest of its slot's second;
 * 3. send its flow as any caller would, under the messageId that campaign and number give;
 * 4. settle it in the ledger by one conditional write; or let it come again later; or pause the campaign.
 */

export interface WorkRecipientDeps {
  readonly campaigns: CampaignStore;
  readonly batches: BatchStore;
  readonly campaignQueue: CampaignQueue;
  readonly numberPaces: NumberPaceStore;
  readonly planReader: PlanReader;
  readonly readRequest: RecipientReader;
  readonly sendFlow: SendFlow;
  readonly runner: CampaignRunner;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly numberPerMinute: number;
}

/** What is longer off than this goes back into the queue. */
const LONGEST_WAIT_MS = 1_500;

export function makeWorkRecipient(deps: WorkRecipientDeps) {
  const { campaigns, batches, campaignQueue, numberPaces, planReader, runner, clock, random, telemetry } =
    deps;

  return async function workRecipient(
    turn: RecipientTurn,
    run: Omit<BackgroundRun, 'source'>,
  ): Promise<void> {
    const campaign = (await campaigns.get(turn.campaignId))?.value;
    if (campaign?.state !== 'running' || isPastItsTime(campaign, clock.now())) return;
    const batch = await batches.get(turn);
    if (!batch?.pending.includes(turn.row) || isOutpaced(batch, campaign)) return;
    if (batch.wokenAt.getTime() !== turn.wokenAt.getTime()) return;
    if (!(await isTime(turn))) return;
    const end = await sendTo(campaign, { turn, batch }, run);
    switch (end.kind) {
      case 'settle':
        await settle(campaign, turn, end.settlement);
        return react(campaign, end.throttleReason);
      case 'again':
        if (end.slow) await slowDown(campaign.message.from);
        return requeue(turn, end.afterSeconds);
      case 'pause':
        return pause(campaign, end.reason);
    }
  };

  /** Waits for the slot if it is near; a record that came much too early goes round once more. */
  async function isTime(turn: RecipientTurn): Promise<boolean> {
    const ms = turn.slotAt.getTime() - clock.now().getTime();
    if (ms > LONGEST_WAIT_MS) {
      await campaignQueue.enqueue([turn]);
      return false;
    }
    if (ms > 0) await clock.sleep(ms);
    return true;
  }

  async function sendTo(
    campaign: Campaign,
    { turn, batch }: { readonly turn: RecipientTurn; readonly batch: LedgerBatch },
    run: Omit<BackgroundRun, 'source'>,
  ): Promise<TurnEnd> {
    try {
      const { to, columns } = await planReader.recipient(campaign, batch, turn.row);
      const messageId = recipientMessageId(campaign.campaignId, to);
      const request = deps.readRequest({
        ...personalised(campaign.message, columns),
        to,
        messageId,
      });
      const by = { clientId: campaign.clientId, seesAll: false, respondAsync: false, ...run };
      const result = await deps.sendFlow.send({ ...by, request });
      return result.kind === 'sent'
        ? endOfStatus('sent', undefined)
        : endOfStatus(result.receipt.status, result.throttleReason);
    } catch (fault) {
      if (fault instanceof RecipientsFault)
        return { kind: 'pause', reason: `its plan can't be read: ${fault.message}` };
      if (fault instanceof AppError)
        return endOfProblem(fault, { tries: turn.tries, random: random.fraction() });
      throw fault;
    }
  }

  /** The worker that empties a batch aggregates it, and so completes the campaign after the last one. */
  async function settle(campaign: Campaign, turn: RecipientTurn, settlement: Settlement): Promise<void> {
    const after = await batches.settle(turn, turn.row, settlement);
    if (!after) return;
    telemetry.count(`campaign.${settlement.outcome}`);
    if (after.pending.length > 0) return;
    const stored = await campaigns.get(campaign.campaignId);
    // The recipient is settled in any case, and the tick aggregates as well.
    if (stored)
      await runner.aggregate(stored).catch((fault) => telemetry.error('campaign.aggregate-failed', fault));
  }

  async function react(
    { campaignId, message }: Campaign,
    throttleReason: ErrorClass | undefined,
  ): Promise<void> {
    if (throttleReason === 'wait') await slowDown(message.from);
    const reason = pauseFor(throttleReason);
    if (reason) await pause({ campaignId }, reason);
  }

  async function requeue(turn: RecipientTurn, afterSeconds: number): Promise<void> {
    const slotAt = new Date(clock.now().getTime() + afterSeconds * 1000);
    await batches.postpone(turn, wakeAfter(slotAt));
    await campaignQueue.enqueue([{ ...turn, slotAt, tries: turn.tries + 1 }]);
  }

  /** It is the number that goes too fast: all its campaigns slow down. */
  async function slowDown(business: PhoneNumber): Promise<void> {
    const now = clock.now();
    const full = { business, perMinute: deps.numberPerMinute, slowedAt: new Date(0) };
    await updateOrCreate(numberPaces, business, full, (pace) => {
      const next = slowed(pace, deps.numberPerMinute, now);
      return next === pace ? pace : { business, ...next };
    });
    telemetry.count('campaign.slowed');
  }

  async function pause({ campaignId }: Pick<Campaign, 'campaignId'>, reason: string): Promise<void> {
    const stored = await campaigns.get(campaignId);
    const after = await updateWithRetry(campaigns, stored, (c) =>
      transition(c, 'paused', { reason, now: clock.now() }),
    );
    if (after?.value === stored?.value) return;
    telemetry.count('gateway.alert');
    telemetry.warn('campaign.paused', { campaignId, reason });
  }
}
