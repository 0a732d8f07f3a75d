import { AppError } from '../../platform/errors.ts';
import type { Clock, Random, Stored } from '../../platform/ports.ts';
import { updateWithRetry } from '../../platform/update-with-retry.ts';
import type { Campaign } from '../campaign.ts';
import { transition } from '../lifecycle.ts';
import type { CampaignStore, ObjectStore, PlanQueue } from '../ports.ts';
import { assertSize, GZIP_MARK_BYTES, isGzip } from './bytes.ts';
import type { PlanBudget } from './checkpoint.ts';
import type { Planner } from './plan.ts';
import { RecipientsFault } from './recipient.ts';

/*
 * Starts a plan by one conditional write. A small file is planned at once, while the caller waits. A larger one may take
 * minutes, and so may any gzip file: they go through a queue to the planner.
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

/** About ten thousand rows, which take seconds. Of more rows than SMALL_ROWS, the planner does the rest. */
const SMALL_BYTES = 512 * 1024;
const SMALL_ROWS = 20_000;

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
    const { campaignId, clientId } = campaign;
    const way = await wayOf(campaign, wait).catch((fault) => {
      if (fault instanceof RecipientsFault) return fault;
      throw fault;
    });
    if (way instanceof RecipientsFault) {
      const failed = await updateWithRetry(campaigns, begun, (c) =>
        transition(c, 'planFailed', { planId, reason: way.message, now: clock.now() }),
      );
      return failed?.value ?? campaign;
    }
    if (way !== 'queue') return (await planner.plan(campaignId, planId, way)) ?? campaign;
    await planQueue.enqueue({ campaignId, planId, clientId });
    return campaign;
  }

  /** The budget of a plan at once, or the queue. Throws `RecipientsFault`. */
  async function wayOf({ source }: Campaign, wait: boolean): Promise<PlanBudget | 'queue'> {
    if (!source) throw new RecipientsFault('there are no recipients: upload them first');
    const { etag, bytes } = await objects.head(source);
    assertSize(bytes);
    if (!wait || bytes > SMALL_BYTES) return 'queue';
    if (bytes >= GZIP_MARK_BYTES) {
      const mark = await objects.readRange({ ...source, etag }, { offset: 0, length: GZIP_MARK_BYTES });
      if (isGzip(mark)) return 'queue';
    }
    return { rows: SMALL_ROWS, etag };
  }

  return { begin };
}
