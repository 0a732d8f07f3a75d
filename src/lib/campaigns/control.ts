import type { Caller } from '../platform/caller.ts';
import { AppError } from '../platform/errors.ts';
import type { Clock, Random, Stored } from '../platform/ports.ts';
import { updateWithRetry } from '../platform/update-with-retry.ts';
import { type Campaign, isPastItsTime, PAUSED_BY_REQUEST } from './campaign.ts';
import type { CampaignId } from './campaign-id.ts';
import { transition } from './lifecycle.ts';
import { campaignKeyIn, mayUse } from './ownership/owned.ts';
import type { PlanStarter } from './plan/begin.ts';
import { emptyReason } from './plan/figures.ts';
import { RecipientsFault } from './plan/recipient.ts';
import { forgetSource, sourceKey } from './plan/source.ts';
import type { CampaignStore, ObjectStore } from './ports.ts';
import { nextRun, parseSchedule } from './schedule.ts';
import type { Ticker } from './tick.ts';

/*
 * What an operator or an app does with a campaign. Each action is one conditional write and safe to repeat. A
 * refusal names the state that prevents it.
 */

export interface ControlDeps {
  readonly campaigns: CampaignStore;
  readonly objects: ObjectStore;
  readonly planStarter: PlanStarter;
  readonly ticker: Ticker;
  readonly clock: Clock;
  readonly random: Random;
}

export type CampaignControl = ReturnType<typeof makeControl>;

const UPLOAD_S = 3_600;

export function makeControl(deps: ControlDeps) {
  const { campaigns, objects, planStarter, ticker, clock, random } = deps;

  /** Another client's campaign, or number's, is `not-found`, so that its existence isn't disclosed. */
  async function find(id: CampaignId, caller: Caller): Promise<Stored<Campaign>> {
    const stored = await campaigns.get(campaignKeyIn(caller.namespaceKey, id));
    if (stored && mayUse(stored.value, caller)) return stored;
    throw new AppError('not-found', 'Campaign not found.');
  }

  /**
   * Applies the change. Throws `campaign-state` unless the campaign ends in one of the wanted states, so a
   * repeat succeeds.
   */
  async function apply(
    found: Stored<Campaign>,
    change: (campaign: Campaign) => Campaign,
    wanted: { readonly verb: string; readonly states: readonly Campaign['state'][] },
  ): Promise<Campaign> {
    const after = (await updateWithRetry(campaigns, found, change))?.value;
    if (!after) throw new AppError('not-found', 'Campaign not found.');
    if (!wanted.states.includes(after.state)) throw wrongState(after, wanted.verb);
    return after;
  }

  return {
    find,
    reconcileNow,

    /** Returns a URL that accepts a PUT of the recipients file for an hour. */
    async upload(id: CampaignId, format: 'csv' | 'jsonl', asker: Caller) {
      const found = await find(id, asker);
      const key = sourceKey(found.value, `${random.uuid()}.${format}`);
      const source = { bucket: objects.bucket, key, format, given: 'upload' } as const;
      const now = clock.now();
      await apply(found, (c) => transition(c, 'sourceReplaced', { source, now }), {
        verb: 'given new recipients',
        states: ['draft'],
      });
      const url = await objects.uploadUrl(key, UPLOAD_S);
      return {
        method: 'PUT',
        url,
        format,
        expiresAt: new Date(now.getTime() + UPLOAD_S * 1000).toISOString(),
      };
    },

    async plan(id: CampaignId, dryRun: boolean, asker: Caller): Promise<Campaign> {
      const found = await find(id, asker);
      if (!['draft', 'planned', 'planning'].includes(found.value.state))
        throw wrongState(found.value, 'planned');
      return planStarter.begin(found, { dryRun, wait: true });
    },

    async start(id: CampaignId, asker: Caller): Promise<Campaign> {
      const found = await find(id, asker);
      const now = clock.now();
      const { schedule } = found.value;
      assertNotOver(found.value, now);
      const wanted = { verb: 'started', states: ['running', 'scheduled', 'completed'] } as const;
      if (schedule) {
        const next = nextRun(parseSchedule(schedule), now);
        return apply(
          found,
          (c) => (c.state === 'scheduled' ? c : transition(c, 'runScheduled', { nextRunAt: next, now })),
          wanted,
        );
      }
      if (found.value.state === 'planned') await assertStartable(found.value);
      const campaign = await apply(found, (c) => transition(c, 'started', { now }), wanted);
      return reconcileNow(campaign);
    },

    async pause(id: CampaignId, asker: Caller): Promise<Campaign> {
      const now = clock.now();
      const change = (c: Campaign) => transition(c, 'paused', { reason: PAUSED_BY_REQUEST, now });
      return apply(await find(id, asker), change, { verb: 'paused', states: ['paused'] });
    },

    async resume(id: CampaignId, asker: Caller): Promise<Campaign> {
      const now = clock.now();
      const found = await find(id, asker);
      assertNotOver(found.value, now);
      const wanted = { verb: 'resumed', states: ['running', 'completed'] } as const;
      return reconcileNow(await apply(found, (c) => transition(c, 'resumed', { now }), wanted));
    },

    async cancel(id: CampaignId, asker: Caller): Promise<Campaign> {
      const now = clock.now();
      const change = (c: Campaign) => transition(c, 'cancelled', { now });
      const cancelled = await apply(await find(id, asker), change, {
        verb: 'cancelled',
        states: ['cancelled'],
      });
      await forgetSource(objects, cancelled);
      return cancelled;
    },
  };

  /** Starts at once instead of at the next tick. If this fails, the next tick does it. */
  async function reconcileNow(campaign: Campaign): Promise<Campaign> {
    if (campaign.state !== 'running') return campaign;
    await ticker.tickFor(campaign).catch(() => undefined);
    return (await campaigns.get(campaign.campaignId))?.value ?? campaign;
  }

  /** The plan was frozen from the file as it was then. */
  async function assertStartable({ source, plan }: Campaign): Promise<void> {
    if (plan?.counts.total === 0)
      throw new AppError('campaign-state', `The campaign can't be started: ${emptyReason(plan)}.`);
    if (!source || !plan) return;
    const etag = await objects.head(source).then(
      (head) => head.etag,
      (fault) => {
        if (fault instanceof RecipientsFault) return undefined;
        throw fault;
      },
    );
    if (etag === plan.sourceEtag) return;
    const what = etag === undefined ? 'removed' : 'changed';
    throw new AppError(
      'campaign-state',
      `The recipients file was ${what} after the campaign was planned. Plan it again.`,
    );
  }
}

function assertNotOver(campaign: Campaign, now: Date): void {
  if (!isPastItsTime(campaign, now)) return;
  throw new AppError(
    'campaign-state',
    `The campaign's expiresAt (${campaign.expiresAt?.toISOString()}) has passed.`,
  );
}

function wrongState({ state, reason }: Campaign, verb: string): AppError {
  const why = reason === undefined ? '' : ` (${reason})`;
  const next = NEXT[state] ?? 'This state is final.';
  return new AppError(
    'campaign-state',
    `The campaign can't be ${verb} because its state is ${state}${why}. ${next}`,
  );
}

const NEXT: Partial<Record<Campaign['state'], string>> = {
  draft: 'Plan it first.',
  planning: 'Wait until planning has finished.',
  planned: 'You can start it.',
  scheduled: 'You can cancel it.',
  running: 'You can pause or cancel it.',
  paused: 'You can resume or cancel it.',
};
