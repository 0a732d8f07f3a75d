/** The event bus in memory. It accepts ten events a call, and refuses those that a test selects. */
import type { OutboundEvent } from '../../../src/lib/events/events-of-change.ts';
import type { EventBus } from '../../../src/lib/events/ports.ts';
import { type Link, straight } from './link.ts';

export interface FakeBus extends EventBus {
  over(link: Link): EventBus;
  /** Refuses an event by its content or by its position in the call. Default: none. */
  refuses: (event: OutboundEvent, n: number) => boolean;
  /** The events of each call, accepted or not. */
  readonly calls: readonly (readonly OutboundEvent[])[];
  /** All accepted events, in order. */
  readonly taken: readonly OutboundEvent[];
}

/** EventBridge's own limit for a call. */
const MAX_ENTRIES = 10;

export function fakeBus(): FakeBus {
  const calls: (readonly OutboundEvent[])[] = [];
  const taken: OutboundEvent[] = [];

  const over = (link: Link): EventBus => ({
    put: (events) =>
      link('put-events', () => {
        if (events.length < 1 || events.length > MAX_ENTRIES) throw new Error('ValidationException');
        calls.push(events);
        return events.map((event, n) => {
          const isTaken = !bus.refuses(event, n);
          if (isTaken) taken.push(structuredClone(event));
          return isTaken;
        });
      }),
  });

  const bus: FakeBus = { ...over(straight), over, refuses: () => false, calls, taken };
  return bus;
}
