/** The estimate's look-ups, which a store may fail now and then. */
import { describe, expect, it } from 'vitest';
import { makeEstimate } from '../../../../src/lib/campaigns/plan/estimate.ts';
import { AppError } from '../../../../src/lib/platform/errors.ts';
import { manualClock } from '../../../support/fakes/clock.ts';
import { faultyLink } from '../../../support/fakes/link.ts';
import { NOW, PAIR, sampleSession } from '../../../support/fakes/samples.ts';
import { fakeErasedOptOuts, fakeSessions } from '../../../support/fakes/stores.ts';

const world = async (times: number) => {
  const clock = manualClock(NOW);
  const sessions = fakeSessions(clock);
  await sessions.create(sampleSession());
  const { link, fail } = faultyLink();
  fail('get', 'before', { times });
  const deps = {
    sessions: sessions.over(link),
    erasedOptOuts: fakeErasedOptOuts(),
    sessionMarginSeconds: 60,
  };
  const slept: number[] = [];
  const sleeping = { ...clock, sleep: (ms: number) => Promise.resolve(void slept.push(ms)) };
  const message = { from: PAIR.business, whenClosed: 'park' } as Parameters<typeof makeEstimate>[1];
  return { slept, estimate: makeEstimate({ ...deps, clock: sleeping }, message) };
};

describe('a look-up that the store fails', () => {
  it('is made again, with growing pauses, and counted once', async () => {
    const { slept, estimate } = await world(3);
    await estimate.add([PAIR.customer]);
    expect(estimate.result()).toMatchObject({ sendNow: 1, park: 0 });
    expect(slept).toEqual([500, 1_000, 1_500]);
  });

  it('fails the plan if the fault lasts', async () => {
    const { estimate } = await world(4);
    await expect(estimate.add([PAIR.customer])).rejects.toBeInstanceOf(AppError);
    expect(estimate.result()).toMatchObject({ sendNow: 0 });
  });
});
