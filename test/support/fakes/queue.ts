/** Queues in memory. They deliver at least once, when a test asks for it, and not before the delay. */
import type { CallbackQueue } from '../../../src/lib/callbacks/ports.ts';
import type { ReceivedCallback } from '../../../src/lib/callbacks/received-callback.ts';
import type { MessageId } from '../../../src/lib/messages/message.ts';
import type { DeliveryQueue } from '../../../src/lib/messages/ports.ts';
import type { Clock } from '../../../src/lib/platform/ports.ts';
import { type Link, straight } from './link.ts';

interface Queued {
  readonly messageId: MessageId;
  readonly visibleAt: Date;
}

export interface FakeQueue extends DeliveryQueue {
  over(link: Link): DeliveryQueue;
  /** Takes out everything that is visible now. */
  take(): readonly Queued[];
  /** Everything in the queue, visible or not. */
  readonly waiting: readonly Queued[];
  /** Every enqueued message, with the requested delay. */
  readonly log: readonly (Queued & { readonly delaySeconds: number })[];
}

const MAX_DELAY_S = 900;

export function fakeQueue(clock: Clock): FakeQueue {
  const waiting: Queued[] = [];
  const log: (Queued & { delaySeconds: number })[] = [];
  const over = (link: Link): DeliveryQueue => ({
    enqueue: (messageId, delaySeconds) =>
      link('enqueue', () => {
        const delay = Math.min(MAX_DELAY_S, Math.max(0, Math.ceil(delaySeconds)));
        const queued = { messageId, visibleAt: new Date(clock.now().getTime() + delay * 1000) };
        waiting.push(queued);
        log.push({ ...queued, delaySeconds });
      }),
  });
  return {
    ...over(straight),
    over,
    take() {
      const visible = waiting.filter(({ visibleAt }) => visibleAt <= clock.now());
      for (const one of visible) waiting.splice(waiting.indexOf(one), 1);
      return visible;
    },
    waiting,
    log,
  };
}

export interface FakeCallbackQueue extends CallbackQueue {
  /** Takes out everything. */
  take(): readonly ReceivedCallback[];
  readonly waiting: readonly ReceivedCallback[];
}

export function fakeCallbackQueue(link: Link = straight): FakeCallbackQueue {
  const waiting: ReceivedCallback[] = [];
  return {
    put: (received) => link('put-callback', () => void waiting.push(received)),
    // A taken record is gone: nothing brings it back.
    retryIn: () => link('retry-callback', () => undefined),
    take: () => waiting.splice(0),
    waiting,
  };
}
