import type { Caller } from '../platform/caller.ts';
import type { Campaign } from './campaign.ts';
import type { CampaignControl } from './control.ts';
import type { CampaignCreator, CampaignOrder } from './create.ts';
import { ownIdOf } from './ownership/owned.ts';
import type { PlanStarter } from './plan/begin.ts';

/*
 * Launches a campaign from `serverless invoke` or EventBridge: creates, plans and starts it, at its time or
 * at once. A repeat, even after a crash, continues where the first one stopped.
 */
export function makeLaunch(deps: {
  readonly create: CampaignCreator;
  readonly planStarter: PlanStarter;
  readonly control: CampaignControl;
}) {
  return async function launch(order: CampaignOrder, by: Caller): Promise<Campaign> {
    const { stored } = await deps.create(order, { ...by, autoStart: true });
    const { state, schedule } = stored.value;
    const campaignId = ownIdOf(stored.value);
    if (state !== 'draft') return stored.value;
    if (schedule) return deps.control.start(campaignId, by);
    const planned = await deps.planStarter.begin(stored, { dryRun: false, wait: true });
    // A campaign created over HTTP doesn't start automatically.
    if (planned.state === 'planned') return deps.control.start(campaignId, by);
    return deps.control.reconcileNow(planned);
  };
}
