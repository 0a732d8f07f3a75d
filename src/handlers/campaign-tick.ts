import { wireCampaigns } from '../lib/wiring/campaigns.ts';

const { ticker } = wireCampaigns('campaignTick');

/** Every minute, by EventBridge's schedule. */
export const handler = () => ticker.tick();
