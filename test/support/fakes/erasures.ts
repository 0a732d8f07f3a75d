/** Erasures and their queue, in memory. */
import { type Erasure, endOfErasure, lostAt } from '../../../src/lib/contacts/erasure.ts';
import type { ErasureQueue, ErasureStore } from '../../../src/lib/contacts/ports.ts';
import type { Clock } from '../../../src/lib/platform/ports.ts';
import { type Link, straight } from './link.ts';
import { makeShelf } from './shelf.ts';

export interface FakeErasures extends ErasureStore {
  over(link: Link): ErasureStore;
  all(): readonly Erasure[];
}

export function fakeErasures(clock: Clock): FakeErasures {
  const shelf = makeShelf<string, Erasure>(
    {
      idOf: (id) => id,
      keyOf: ({ erasureId }) => erasureId,
      expiresOf: (erasure) => {
        const end = endOfErasure(erasure);
        return end && Math.ceil(end.getTime() / 1000);
      },
      copy: (erasure) => structuredClone(erasure),
    },
    clock,
  );
  const over = (link: Link): ErasureStore => ({
    ...shelf.view(link),
    lost: (now, limit) =>
      link('lost-erasures', () =>
        shelf
          .all()
          .filter((erasure) => erasure.state === 'running' && lostAt(erasure) <= now)
          .sort((a, b) => lostAt(a).getTime() - lostAt(b).getTime())
          .slice(0, limit)
          .map(({ erasureId }) => erasureId),
      ),
  });
  return { ...over(straight), over, all: shelf.all };
}

interface Waiting {
  readonly erasureId: string;
  readonly delaySeconds: number;
}

export interface FakeErasureQueue extends ErasureQueue {
  over(link: Link): ErasureQueue;
  take(): Waiting[];
}

export function fakeErasureQueue(): FakeErasureQueue {
  const waiting: Waiting[] = [];
  const over = (link: Link): ErasureQueue => ({
    enqueue: (erasureId, delaySeconds = 0) =>
      link('enqueue-erasure', () => void waiting.push({ erasureId, delaySeconds })),
  });
  return { ...over(straight), over, take: () => waiting.splice(0) };
}
