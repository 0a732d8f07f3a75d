import { parseFlow } from '../lib/edge/contracts.ts';
import { wireStores } from '../lib/wiring.ts';
import { wireCampaigns } from '../lib/wiring-campaigns.ts';

const { ticker } = wireCampaigns(wireStores('campaignTick'), (body) => parseFlow(body, undefined));

/** Every minute, by EventBridge's schedule. */
export const handler = () => ticker.tick();
