import { PAUSED_BY_REQUEST } from '../campaigns/campaign.ts';
import type { OutboundEvent } from './events-of-change.ts';

/**
 * The metrics to count for an event. Counting published events counts a status once for each time it was
 * reached, however many callers, callbacks and sweeps took part. Metric names contain no number, id or text.
 */
export function factsOf({ type, detail }: OutboundEvent): string[] {
  const pausedItself = type === 'campaign.paused' && detail['reason'] !== PAUSED_BY_REQUEST;
  return pausedItself ? [type, 'campaign.paused-itself'] : [type];
}
