/** Queues in memory. They deliver at least once, when a test asks for it, and not before the delay. */
import type { CallbackQueue } from '../../../src/lib/callbacks/ports.ts';
import type { ReceivedCallback } from '../../../src/lib/callbacks/received-callback.ts';
import type { MessageId } from '../../../src/lib/messages/message.ts';
import type { DeliveryQueue, Watch, WatchQueue } from '../../../src/lib/messages/ports.ts';
import type { Clock } from '../../../src/lib/platform/ports.ts';
import { type Link, straight } from './link.ts';

interface Queued {
  readonly messageId: MessageId;
  /** The record's group. */
  readonly clientId: string;
  readonly visibleAt: Date;
}

interface Watched {
  readonly watch: Watch;
  visibleAt: Date;
}

export interface FakeQueue extends DeliveryQueue, WatchQueue {
  over(link: Link): DeliveryQueue & WatchQueue;
  /** The watches that are visible now, hidden for the visibility timeout. */
  takeWatches(): readonly Watched[];
  /** Deletes a watch that was handled. */
  forget(watched: Watched): void;
  /** The watches in the queue, visible or not. They are not in `waiting`. */
  readonly watches: readonly Watched[];
  /** Takes out everything that is visible now. */
  take(): readonly Queued[];
  /** Everything in the queue, visible or not. */
  readonly waiting: readonly Queued[];
  /** Every enqueued message, with the requested delay. */
  readonly log: readonly (Queued & { readonly delaySeconds: number })[];
}

const MAX_DELAY_S = 900;
const VISIBILITY_MS = 180_000;

export function fakeQueue(clock: Clock): FakeQueue {
  const waiting: Queued[] = [];
  const log: (Queued & { delaySeconds: number })[] = [];
  const watches: Watched[] = [];
  const visibleIn = (seconds: number) => {
    const delay = Math.min(MAX_DELAY_S, Math.max(0, Math.ceil(seconds)));
    return new Date(clock.now().getTime() + delay * 1000);
  };
  const over = (link: Link): DeliveryQueue & WatchQueue => ({
    enqueue: ({ messageId, clientId }, delaySeconds) =>
      link('enqueue', () => {
        const queued = { messageId, clientId, visibleAt: visibleIn(delaySeconds) };
        waiting.push(queued);
        log.push({ ...queued, delaySeconds });
      }),
    watch: (asked) =>
      link('watch', () => {
        for (const watch of asked) {
          const leftMs = watch.until.getTime() - clock.now().getTime();
          watches.push({ watch, visibleAt: visibleIn(leftMs / 1000 + 1) });
        }
        return asked.map(() => true);
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
    takeWatches() {
      const visible = watches.filter(({ visibleAt }) => visibleAt <= clock.now());
      for (const one of visible) one.visibleAt = new Date(clock.now().getTime() + VISIBILITY_MS);
      return visible;
    },
    forget: (watched) => void watches.splice(watches.indexOf(watched), watches.includes(watched) ? 1 : 0),
    watches,
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
