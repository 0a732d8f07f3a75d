import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { allEnded, mapEnded } from '../../../src/lib/platform/all-ended.ts';

/** Work of `ms` that notes its end; a negative number fails. */
function working() {
  const ended: number[] = [];
  const work = async (ms: number): Promise<number> => {
    await sleep(Math.abs(ms));
    ended.push(ms);
    if (ms < 0) throw new Error(`failed after ${-ms}`);
    return ms;
  };
  return { work, ended };
}

describe('several promises', () => {
  it('give their results in order', async () => {
    expect(await allEnded([Promise.resolve(1), 'two'])).toEqual([1, 'two']);
  });

  it('reject only when all of them have ended', async () => {
    const { work, ended } = working();
    await expect(allEnded([work(20), work(-1)])).rejects.toThrow('failed after 1');
    expect(ended).toEqual([-1, 20]);
  });
});

describe('a mapped list', () => {
  it('gives its results in order', async () => {
    const { work } = working();
    expect(await mapEnded([9, 1, 4], work, { concurrency: 2 })).toEqual([9, 1, 4]);
  });

  it('waits after a fault for what has begun, and begins no more', async () => {
    const { work, ended } = working();
    await expect(mapEnded([20, -1, 5, 6], work, { concurrency: 2 })).rejects.toThrow('failed after 1');
    expect(ended).toEqual([-1, 20]);
  });
});
