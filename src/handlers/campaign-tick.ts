import { parseFlow } from '../lib/sending/contract.ts';
import { wireCampaigns } from '../lib/wiring/campaigns.ts';
import { wireStores } from '../lib/wiring/stores.ts';

const { ticker } = wireCampaigns(wireStores('campaignTick'), (body) => parseFlow(body, undefined));

/** Every minute, by EventBridge's schedule. */
export const handler = () => ticker.tick();
