/** Waiting for something to become true, and no longer. */
import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 15;
/** It only ends what hangs: on a busy machine an effect takes its time. */
export const LONGEST_WAIT_MS = 100_000;

/** The first answer that is neither undefined nor false; rejects with `what` when there was none in time. */
export const until = async <Value>(
  what: string,
  ask: () => Promise<Value | undefined | false>,
  withinMs = LONGEST_WAIT_MS,
  pauseMs = PAUSE_MS,
): Promise<Value> => {
  const end = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > end) throw new Error(`waited ${withinMs} ms for ${what}`);
    await sleep(pauseMs);
  }
};
