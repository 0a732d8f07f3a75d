import type { OutboundEvent } from './event.ts';

export interface EventBus {
  /** Which of them the bus has taken, in their order: ten at most. Throws if it took none. */
  put(events: readonly OutboundEvent[]): Promise<readonly boolean[]>;
}
