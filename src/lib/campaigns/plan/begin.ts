import { AppError } from '../../platform/errors.ts';
import type { Clock, Random, Stored } from '../../platform/ports.ts';
import { updateWithRetry } from '../../platform/update-with-retry.ts';
import type { Campaign } from '../campaign.ts';
import { transition } from '../lifecycle.ts';
import type { CampaignStore, ObjectStore, PlanQueue } from '../ports.ts';
import type { Planner } from './plan.ts';
import { RecipientsFault } from './recipient.ts';

/*
 * Starts a plan by one conditional write. A small file is planned at once, while the caller waits. A larger
 * one may take minutes, so it goes through a queue to the planner.
 */

export interface BeginPlanDeps {
  readonly campaigns: CampaignStore;
  readonly objects: ObjectStore;
  readonly planQueue: PlanQueue;
  readonly planner: Planner;
  readonly clock: Clock;
  readonly random: Random;
}

export type PlanStarter = ReturnType<typeof makePlanStarter>;

/** About ten thousand rows, which take seconds. */
const SMALL_BYTES = 512 * 1024;

export function makePlanStarter({ campaigns, objects, planQueue, planner, clock, random }: BeginPlanDeps) {
  /** Returns the campaign: planned, or still `planning`. `wait`: the caller waits for the figures. */
  async function begin(
    found: Stored<Campaign>,
    { dryRun, wait }: { readonly dryRun: boolean; readonly wait: boolean },
  ): Promise<Campaign> {
    const planId = random.uuid();
    const now = clock.now();
    const begun = await updateWithRetry(campaigns, found, (c) =>
      transition(c, 'planningBegun', { planId, dryRun, now }),
    );
    if (!begun) throw new AppError('not-found', 'Campaign not found.');
    const { value: campaign } = begun;
    if (campaign.planning?.planId !== planId) return campaign;
    const { campaignId } = campaign;
    const size = await sizeOf(campaign);
    if (size instanceof RecipientsFault) {
      const failed = await updateWithRetry(campaigns, begun, (c) =>
        transition(c, 'planFailed', { planId, reason: size.message, now: clock.now() }),
      );
      return failed?.value ?? campaign;
    }
    if (wait && size <= SMALL_BYTES) return (await planner.plan(campaignId, planId)) ?? campaign;
    await planQueue.enqueue({ campaignId, planId });
    return campaign;
  }

  async function sizeOf({ source }: Campaign): Promise<number | RecipientsFault> {
    if (!source) return new RecipientsFault('there are no recipients: upload them first');
    try {
      return (await objects.head(source)).bytes;
    } catch (fault) {
      if (fault instanceof RecipientsFault) return fault;
      throw fault;
    }
  }

  return { begin };
}
