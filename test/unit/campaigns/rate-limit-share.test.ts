import { describe, expect, it } from 'vitest';
import { isOutpaced, reasonToReenqueue } from '../../../src/lib/campaigns/ledger.ts';
import { withShare } from '../../../src/lib/campaigns/progress.ts';
import { sampleBatch, sampleCampaign } from '../../support/fakes/campaign-samples.ts';
import { later, NOW } from '../../support/fakes/samples.ts';

const running = sampleCampaign({
  state: 'running',
  startedAt: NOW,
  nextScheduledAt: later(90),
  share: 1_080,
});

describe("a running campaign with a changed share of the number's pace", () => {
  it('gets new scheduled times for everything pending when the share shrinks, because the earlier ones are too fast', () => {
    const slowed = withShare(running, 540, later(15));
    expect(slowed).toMatchObject({ share: 540, nextScheduledAt: later(15), version: running.version });
    const batch = sampleBatch({ enqueuedAt: later(10), isEnqueued: true });
    expect(isOutpaced(batch, slowed)).toBe(true);
    expect(reasonToReenqueue(batch, { now: later(15), resumedAt: slowed.resumedAt })).toBe('dropped');
  });

  it('leaves a batch alone that already has new scheduled times', () => {
    const { resumedAt } = withShare(running, 540, later(15));
    const batch = sampleBatch({ enqueuedAt: later(15), isEnqueued: true });
    expect(isOutpaced(batch, { resumedAt })).toBe(false);
    expect(reasonToReenqueue(batch, { now: later(16), resumedAt })).toBeUndefined();
  });

  it('keeps its scheduled times when the share grows, is the first, or stays the same', () => {
    expect(withShare(running, 4_320, later(15))).toEqual({ ...running, share: 4_320 });
    const fresh = sampleCampaign({ state: 'running', startedAt: NOW, nextScheduledAt: NOW });
    expect(withShare(fresh, 540, later(15))).toEqual({ ...fresh, share: 540 });
    expect(withShare(running, 1_080, later(15))).toBe(running);
  });
});
