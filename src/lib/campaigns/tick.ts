import { mapEnded } from '../platform/all-ended.ts';
import type { Stored } from '../platform/ports.ts';
import { updateWithRetry } from '../platform/update-with-retry.ts';
import type { PhoneNumber } from '../whatsapp/phone.ts';
import { type Campaign, hasEnded } from './campaign.ts';
import type { CampaignId } from './campaign-id.ts';
import { transition } from './lifecycle.ts';
import { roundRobin } from './ownership/round-robin.ts';
import { forgetSource } from './plan/source.ts';
import type { CampaignStore, ObjectStore, PlanQueue, RateLimitStore } from './ports.ts';
import { currentPace, sharesByClient } from './rate-limit.ts';
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

/** Of all clients. All of them are read before the first is handled: a few seconds, and about a hundred MB at most. */
const MOST_DUE = 5_000;
/** The keys of which a tick takes its part: ten reads of an index at most. */
const MOST_KEYS = 100_000;
const TICK_MS = 60_000;
/** While a caller waits. */
const MOST_DUE_OF_NUMBER = 500;
const READ_AT_ONCE = 16;
const AT_ONCE = 8;
/** The campaigns' part of a number's rate. The rest is for single sends, which have priority. */
const CAMPAIGNS_PART = 0.9;

export function makeTicker(deps: TickDeps) {
  const { campaigns, rateLimits, objects, planQueue, runner, clock, telemetry } = deps;
  const makeRun = makeRunMaker(deps);

  /** Handles everything due. The clients take turns, so that one with many campaigns holds back no other's. */
  async function tick(): Promise<{ readonly running: number }> {
    const due = roundRobin(await load(await partOfDue(clock.now())), ownerOf);
    const advanceOne = (stored: Stored<Campaign>) => orLeave(stored.value.campaignId, () => advance(stored));
    const advanced = await mapEnded(due, advanceOne, { concurrency: AT_ONCE });
    return reconcileAll(advanced.filter((stored) => stored !== undefined).filter(isRunning));
  }

  /**
   * All that is due, or a part of it if there is too much. A running campaign is due until it ends, so the oldest would keep
   * the others waiting for good: the parts take turns, one a tick.
   */
  async function partOfDue(now: Date): Promise<readonly CampaignId[]> {
    const due = await campaigns.due(now, MOST_KEYS);
    const parts = Math.ceil(due.length / MOST_DUE);
    if (parts <= 1) return due;
    telemetry.warn('campaign.tick-crowded', { due: due.length });
    const first = (Math.floor(now.getTime() / TICK_MS) % parts) * MOST_DUE;
    return due.slice(first, first + MOST_DUE);
  }

  /** Reconciles a campaign that was started just now, and the others of its number. The next tick gives exact shares. */
  async function tickFor({ campaignId, message }: Campaign): Promise<void> {
    const due = await campaigns.due(clock.now(), MOST_DUE_OF_NUMBER);
    const found = await load([...new Set([campaignId, ...due])]);
    const ofNumber = found.filter(({ value }) => value.message.from === message.from);
    await reconcileAll(ofNumber.filter(isRunning));
  }

  async function load(ids: readonly CampaignId[]): Promise<Stored<Campaign>[]> {
    const read = (id: CampaignId) => orLeave(id, () => campaigns.get(id));
    const found = await mapEnded(ids, read, { concurrency: READ_AT_ONCE });
    return found.filter((stored) => stored !== undefined);
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

  async function advance(stored: Stored<Campaign>): Promise<Stored<Campaign> | undefined> {
    const now = clock.now();
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

  async function reconcileAll(running: readonly Stored<Campaign>[]): Promise<{ readonly running: number }> {
    const byNumber = [...Map.groupBy(running, ({ value }) => value.message.from)];
    const shared = await mapEnded(byNumber, ([business, group]) => sharesAt(business, group), {
      concurrency: AT_ONCE,
    });
    const shares = new Map(shared.flatMap((some) => [...some]));
    const reconcile = (stored: Stored<Campaign>) =>
      orLeave(stored.value.campaignId, () =>
        runner.reconcile(stored, shares.get(stored.value.campaignId) ?? 1),
      );
    await mapEnded(running, reconcile, { concurrency: AT_ONCE });
    return { running: running.length };
  }

  async function sharesAt(business: PhoneNumber, group: readonly Stored<Campaign>[]) {
    const wishes = group.map(({ value: { campaignId: id, clientId, perMinute } }) => ({
      id,
      clientId,
      perMinute,
    }));
    return sharesByClient(wishes, await ceilingOf(business));
  }

  async function ceilingOf(business: PhoneNumber): Promise<number> {
    const pace = (await rateLimits.get(business))?.value;
    return CAMPAIGNS_PART * currentPace(pace, deps.numberPerMinute, clock.now());
  }

  return { tick, tickFor };
}

const ownerOf = ({ value }: Stored<Campaign>): string => value.clientId;

const isRunning = ({ value }: Stored<Campaign>): boolean => value.state === 'running';
