import type { OutboundEvent } from './events-of-change.ts';

export interface EventBus {
  /** Puts one to ten events. Returns, in their order, which of them the bus accepted. Throws if the call fails. */
  put(events: readonly OutboundEvent[]): Promise<readonly boolean[]>;
}
