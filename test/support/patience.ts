/** Waiting that does not depend on how busy the machine is. */

/** For `vi.waitFor`. It only ends what hangs: on a busy machine an effect takes its time. */
export const PATIENCE = { timeout: 30_000, interval: 20 };

const TICK_MS = 10;

/**
 * What `work` gives, and for how long this process ran meanwhile, in ms: less than what the clock on the wall says
 * where a busy machine keeps the process waiting. For upper bounds of work in this process.
 */
export const ownTime = async <Value>(
  work: () => Promise<Value>,
): Promise<{ value: Value; ownMs: number }> => {
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
  }, TICK_MS);
  try {
    const value = await work();
    return { value, ownMs: ticks * TICK_MS };
  } finally {
    clearInterval(timer);
  }
};
