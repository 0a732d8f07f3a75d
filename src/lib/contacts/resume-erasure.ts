import type { Clock, Stored, Telemetry } from '../platform/ports.ts';
import type { ErasureKey } from '../sessions/erasure-key.ts';
import type { Erased, Erasure } from './erasure.ts';
import type { ErasureQueue, ErasureStore } from './ports.ts';
import type { RunEnd, RunErasure } from './run-erasure.ts';
import { unsealed } from './seal.ts';

/** For the step that is under way, and for what comes after it. */
const LEFT_MS = 9_000;
/** A planner's end is awaited in such steps. */
const WAIT_S = 30;
const MOST_LOST = 20;

export function timeLimit(clock: Clock, deadlineAt: Date): () => boolean {
  return () => clock.now().getTime() > deadlineAt.getTime() - LEFT_MS;
}

/** Has another invocation go on, where that is due. */
export async function enqueueAfter(queue: ErasureQueue, erasureId: string, end: RunEnd): Promise<void> {
  if (end === 'waiting') await queue.enqueue(erasureId, WAIT_S);
  if (end === 'unfinished') await queue.enqueue(erasureId);
}

/** Goes on with an erasure until its end, or until the invocation's; then the queue has it again. */
export function makeResumeErasure(deps: {
  readonly erasures: ErasureStore;
  readonly erasureQueue: ErasureQueue;
  readonly erasureKey: ErasureKey;
  readonly run: RunErasure;
  readonly clock: Clock;
}) {
  const { erasures, erasureQueue, erasureKey, clock } = deps;

  async function personOf({ value }: Stored<Erasure>): Promise<Erased | undefined> {
    const { erasureId, sealed: text } = value;
    return text === undefined ? undefined : unsealed(text, erasureId, await erasureKey.get());
  }

  return async function resume(erasureId: string, deadlineAt: Date): Promise<void> {
    const stored = await erasures.get(erasureId);
    const person = stored && (await personOf(stored));
    if (!stored || !person) return;
    const end = await deps.run(stored, { person, isOver: timeLimit(clock, deadlineAt) });
    await enqueueAfter(erasureQueue, erasureId, end);
  };
}

/** Enqueues the erasures again that a kill, or a queue that did not respond, left lying. */
export function makeResumeLost(deps: {
  readonly erasures: ErasureStore;
  readonly erasureQueue: ErasureQueue;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}) {
  const { erasures, erasureQueue, clock, telemetry } = deps;
  return async function resumeLost(): Promise<void> {
    for (const erasureId of await erasures.lost(clock.now(), MOST_LOST)) {
      const stored = await erasures.get(erasureId);
      if (stored?.value.state !== 'running') continue;
      const written = await erasures.replace(stored, { ...stored.value, changedAt: clock.now() });
      if (!written.done) continue;
      telemetry.warn('contact.erasure-lost', { erasureId });
      await erasureQueue.enqueue(erasureId);
    }
  };
}
