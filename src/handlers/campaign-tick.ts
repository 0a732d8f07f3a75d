import { allEnded } from '../lib/platform/all-ended.ts';
import { wireTick } from '../lib/wiring/campaigns.ts';

const { ticker, resumeLost } = wireTick('campaignTick');

/** Every minute, by EventBridge's schedule. */
export const handler = async () => {
  const [report] = await allEnded([ticker.tick(), resumeLost()]);
  return report;
};
