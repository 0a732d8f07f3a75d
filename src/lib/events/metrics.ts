import { PAUSED_BY_REQUEST } from '../campaigns/campaign.ts';
import type { OutboundEvent } from './event.ts';

/**
 * What an event counts as, by name. Counted where events go out, a status counts once for each time that it was
 * reached, however many callers, callbacks and sweeps had a hand in it. Names are all: no number, id or text.
 */
export function factsOf({ type, detail }: OutboundEvent): string[] {
  const pausedItself = type === 'campaign.paused' && detail['reason'] !== PAUSED_BY_REQUEST;
  return pausedItself ? [type, 'campaign.paused-itself'] : [type];
}
