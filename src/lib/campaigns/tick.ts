import { mapEnded } from '../platform/all-ended.ts';
import type { Stored } from '../platform/ports.ts';
import { updateWithRetry } from '../platform/update-with-retry.ts';
import type { PhoneNumber } from '../whatsapp/phone.ts';
import { type Campaign, hasEnded } from './campaign.ts';
import type { CampaignId } from './campaign-id.ts';
import { transition } from './lifecycle.ts';
import { forgetSource } from './plan/source.ts';
import type { CampaignStore, ObjectStore, PlanQueue, RateLimitStore } from './ports.ts';
import { currentPace, sharesOf } from './rate-limit.ts';
import type { CampaignRunner } from './run.ts';
import { type MakeRunDeps, makeRunMaker } from './runs/make-run.ts';

/*
 * The tick, every minute by EventBridge, which may fire twice or late:
 *
 * 1. Read what is due: running campaigns, scheduled ones, and stuck plans.
 * 2. Expire campaigns, create the run of a schedule, replace a dead planner.
 * 3. Divide each number's rate among its running campaigns, and reconcile each of them (`run.ts`).
 */

export interface TickDeps extends MakeRunDeps {
  readonly campaigns: CampaignStore;
  readonly rateLimits: Pick<RateLimitStore, 'get'>;
  readonly objects: ObjectStore;
  readonly planQueue: PlanQueue;
  readonly runner: CampaignRunner;
  /** A business number's whole rate. */
  readonly numberPerMinute: number;
}

export type Ticker = ReturnType<typeof makeTicker>;

const MOST_DUE = 500;
const AT_ONCE = 8;
/** The campaigns' part of a number's rate. The rest is for single sends, which have priority. */
const CAMPAIGNS_PART = 0.9;

export function makeTicker(deps: TickDeps) {
  const { campaigns, rateLimits, objects, planQueue, runner, clock, telemetry } = deps;
  const makeRun = makeRunMaker(deps);

  /** Handles everything due; with `only`, just the running campaigns of one number. */
  async function tick(only?: PhoneNumber): Promise<{ readonly running: number }> {
    const ids = await campaigns.due(clock.now(), MOST_DUE);
    const load = only === undefined ? advance : (id: CampaignId) => campaigns.get(id);
    const loaded = await mapEnded(ids, (id) => orLeave(id, () => load(id)), { concurrency: AT_ONCE });
    const running = loaded
      .filter((stored) => stored?.value.state === 'running')
      .filter((stored) => stored !== undefined)
      .filter(({ value }) => only === undefined || value.message.from === only);
    await reconcileAll(running);
    return { running: running.length };
  }

  /** A campaign's fault must not stop the others. */
  async function orLeave<T>(campaignId: CampaignId, act: () => Promise<T>): Promise<T | undefined> {
    try {
      return await act();
    } catch (fault) {
      telemetry.error('campaign.tick-failed', fault, { campaignId });
      return undefined;
    }
  }

  async function advance(id: CampaignId): Promise<Stored<Campaign> | undefined> {
    const now = clock.now();
    const stored = await campaigns.get(id);
    const current = await updateWithRetry(campaigns, stored, (c) =>
      transition(transition(c, 'timeChecked', { now }), 'startDue', { now }),
    );
    if (current?.value.state === 'planning') await planAgain(current);
    if (current?.value.state === 'scheduled') await makeRun(current);
    if (current && hasEnded(current.value)) await forgetSource(objects, current.value);
    return current;
  }

  async function planAgain(stored: Stored<Campaign>): Promise<void> {
    const now = clock.now();
    const { dueAt } = stored.value;
    if (!dueAt || dueAt > now) return;
    const again = await campaigns.replace(stored, transition(stored.value, 'plannerLost', { now }));
    const { campaignId, clientId, state, planning } = again.stored?.value ?? stored.value;
    if (again.done && state === 'planning' && planning)
      await planQueue.enqueue({ campaignId, planId: planning.planId, clientId });
  }

  async function reconcileAll(running: readonly Stored<Campaign>[]): Promise<void> {
    const byNumber = Map.groupBy(running, ({ value }) => value.message.from);
    for (const [business, group] of byNumber) {
      const shares = sharesOf(
        group.map(({ value: { campaignId: id, perMinute } }) => ({ id, perMinute })),
        await ceilingOf(business),
      );
      const reconcile = (stored: Stored<Campaign>) =>
        orLeave(stored.value.campaignId, () =>
          runner.reconcile(stored, shares.get(stored.value.campaignId) ?? 1),
        );
      await mapEnded(group, reconcile, { concurrency: AT_ONCE });
    }
  }

  async function ceilingOf(business: PhoneNumber): Promise<number> {
    const pace = (await rateLimits.get(business))?.value;
    return CAMPAIGNS_PART * currentPace(pace, deps.numberPerMinute, clock.now());
  }

  return { tick };
}
