import { wireTick } from '../lib/wiring/campaigns.ts';

const ticker = wireTick('campaignTick');

/** Every minute, by EventBridge's schedule. */
export const handler = () => ticker.tick();
