import { describe, expect, it } from 'vitest';
import { withinMs } from '../../../src/lib/platform/time-limit.ts';

/** The timers that keep this process running. */
const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
const never = () => new Promise<never>(() => {});

describe('a call with a time limit', () => {
  it('gives its result, and leaves no timer behind', async () => {
    const before = timers();
    expect(await withinMs(60_000, () => Promise.resolve('done'))).toBe('done');
    expect(timers()).toBe(before);
  });

  it('gives its own fault, and leaves no timer behind', async () => {
    const before = timers();
    const fails = () => Promise.reject(new Error('its own'));
    await expect(withinMs(60_000, fails)).rejects.toThrow('its own');
    expect(timers()).toBe(before);
  });

  it('ends in time, and is aborted', async () => {
    let signal: AbortSignal | undefined;
    const call = (given: AbortSignal) => {
      signal = given;
      return never();
    };
    await expect(withinMs(5, call)).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(signal?.aborted).toBe(true);
  });
});
