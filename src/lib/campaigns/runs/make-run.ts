import type { Clock, Random, Stored, Telemetry } from '../../platform/ports.ts';
import { updateWithRetry } from '../../platform/update-with-retry.ts';
import { type Campaign, definitionOf } from '../campaign.ts';
import { newCampaign, transition } from '../lifecycle.ts';
import { campaignKeyIn, isRunOf, ownerOf, ownIdOf, runIdOf } from '../ownership/owned.ts';
import type { PlanStarter } from '../plan/begin.ts';
import type { CampaignStore } from '../ports.ts';
import { nextRun, parseSchedule } from '../schedule.ts';

/* Makes a run of a schedule that is due: a campaign of its own, planned and started. */

export interface MakeRunDeps {
  readonly campaigns: CampaignStore;
  readonly planStarter: PlanStarter;
  readonly clock: Clock;
  readonly random: Pick<Random, 'key'>;
  readonly telemetry: Telemetry;
  /** The key of a new run. */
  readonly newKey: () => string | undefined;
  readonly retentionDays: number;
}

export function makeRunMaker(deps: MakeRunDeps) {
  const { campaigns, planStarter, clock, telemetry } = deps;

  /**
   * Creates the run before it sets the next time. A tick that dies in between makes the next one create the
   * same run, which changes nothing.
   */
  async function makeRun(stored: Stored<Campaign>): Promise<void> {
    const { nextRunAt, schedule } = stored.value;
    const now = clock.now();
    if (!schedule || !nextRunAt || nextRunAt > now) return;
    const run = (await create(stored.value, nextRunAt)) ?? (await createElsewhere(stored, nextRunAt));
    if (run) {
      await planStarter.begin(run, { dryRun: false, wait: false });
      telemetry.info('campaign.run-made', { campaignId: run.value.campaignId });
    } else {
      telemetry.count('gateway.alert');
      telemetry.error('campaign.run-lost', undefined, { campaignId: stored.value.campaignId });
    }
    const next = nextAfter(schedule, nextRunAt, now);
    await updateWithRetry(campaigns, stored, (c) => transition(c, 'runScheduled', { nextRunAt: next, now }));
  }

  /** Undefined if its id belongs to something else. */
  async function create(schedule: Campaign, at: Date): Promise<Stored<Campaign> | undefined> {
    const { clientId, namespaceKey, fingerprint, source, campaignId } = schedule;
    const runId = runIdOf(schedule, at);
    const definition = {
      ...definitionOf(schedule),
      campaignId: campaignKeyIn(namespaceKey, runId),
      schedule: undefined,
      startAt: undefined,
    };
    const { stored } = await campaigns.create(
      newCampaign(definition, {
        ...ownerOf({ clientId, namespaceKey }, runId),
        ...(namespaceKey === undefined ? {} : { clientParent: ownIdOf(schedule) }),
        fingerprint,
        idKey: deps.newKey(),
        source,
        autoStart: true,
        parent: campaignId,
        now: clock.now(),
        retentionDays: deps.retentionDays,
      }),
    );
    return stored && isRunOf(schedule, stored.value) ? stored : undefined;
  }

  /**
   * Another client can have computed the id of a run of a schedule of 0.1. The schedule gets a second key then, also while
   * 0.1 may come back, and its runs get ids that can't be computed.
   */
  async function createElsewhere(stored: Stored<Campaign>, at: Date): Promise<Stored<Campaign> | undefined> {
    telemetry.warn('campaign.run-id-taken', { campaignId: stored.value.campaignId });
    const key = deps.random.key();
    const keyed = await updateWithRetry(campaigns, stored, (c) =>
      c.idKey === undefined && c.spareKey === undefined ? { ...c, spareKey: key } : c,
    );
    return keyed && create(keyed.value, at);
  }

  return makeRun;
}

/** Runs missed while no tick ran are made up for once, not once each. */
function nextAfter(spelling: NonNullable<Campaign['schedule']>, last: Date, now: Date): Date | undefined {
  const schedule = parseSchedule(spelling);
  let next = nextRun(schedule, last);
  while (next && next <= now) next = nextRun(schedule, next);
  return next;
}
