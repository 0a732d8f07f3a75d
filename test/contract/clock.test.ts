/** Clock and ids: the fakes and the system's. */
import { describe, expect, it } from 'vitest';
import { systemClock, systemRandom } from '../../src/lib/platform/clock.ts';
import { manualClock, namedRandom } from '../support/fakes/clock.ts';
import { NOW } from '../support/fakes/samples.ts';

describe.each([
  { name: 'the fake', clock: manualClock(NOW) },
  { name: 'the system', clock: systemClock },
])('a clock of $name', ({ clock }) => {
  it('returns a new instant each time and never goes back', () => {
    const [first, second] = [clock.now(), clock.now()];
    expect(second.getTime()).toBeGreaterThanOrEqual(first.getTime());
    first.setTime(0);
    expect(clock.now().getTime()).toBeGreaterThanOrEqual(second.getTime());
  });

  it('advances by the time slept', async () => {
    const before = clock.now().getTime();
    await clock.sleep(20);
    // Node fires a timer up to a millisecond before the wall clock says so.
    expect(clock.now().getTime() - before).toBeGreaterThanOrEqual(19);
  });

  it('can sleep for zero time', async () => {
    await expect(clock.sleep(0)).resolves.toBeUndefined();
  });

  it('ends the shorter of two sleeps first', async () => {
    const ended: string[] = [];
    const sleep = (ms: number, name: string) => clock.sleep(ms).then(() => void ended.push(name));
    await Promise.all([sleep(2, 'short'), sleep(40, 'long')]);
    expect(ended).toEqual(['short', 'long']);
  });
});

describe.each([
  { name: 'the fake', random: namedRandom('a') },
  { name: 'the system', random: systemRandom },
])('ids of $name', ({ random }) => {
  it('are new each time', () => {
    expect(new Set(Array.from({ length: 1_000 }, () => random.uuid())).size).toBe(1_000);
  });

  it('come with fractions from zero up to, but not including, one', () => {
    for (let n = 0; n < 1_000; n += 1) {
      const fraction = random.fraction();
      expect(fraction >= 0 && fraction < 1).toBe(true);
    }
  });
});
