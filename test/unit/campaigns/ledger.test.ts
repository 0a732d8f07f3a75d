import { describe, expect, it } from 'vitest';
import type { CampaignId } from '../../../src/lib/campaigns/campaign-id.ts';
import {
  NO_COUNTS,
  openedBatch,
  planLine,
  readPlanLine,
  reasonToReenqueue,
  recipientMessageId,
  reenqueued,
  settledIn,
  sumOf,
} from '../../../src/lib/campaigns/ledger.ts';
import { transition } from '../../../src/lib/campaigns/lifecycle.ts';
import { withAggregated } from '../../../src/lib/campaigns/progress.ts';
import { campaignView } from '../../../src/lib/campaigns/report.ts';
import { eventsFor } from '../../../src/lib/events/events-of-change.ts';
import type { PhoneNumber } from '../../../src/lib/whatsapp/phone.ts';
import { sampleBatch, sampleCampaign } from '../../support/fakes/campaign-samples.ts';
import { CUSTOMER, later, NOW } from '../../support/fakes/samples.ts';

const times = (seconds: number, resumedAt?: Date) => ({ now: later(seconds), resumedAt });

describe('a batch', () => {
  const enqueued = sampleBatch({ isEnqueued: true, lostAfter: later(300) });

  it('is left alone while its records are in the queue', () => {
    expect(reasonToReenqueue(enqueued, times(299))).toBeUndefined();
    expect(reasonToReenqueue(sampleBatch(), times(19))).toBeUndefined();
  });

  it('is lost when its time is up, or when the process that began its round has died', () => {
    expect(reasonToReenqueue(enqueued, times(300))).toBe('lost');
    expect(reasonToReenqueue(sampleBatch(), times(20))).toBe('lost');
  });

  it('is dropped when its campaign was paused and resumed after the enqueue', () => {
    expect(reasonToReenqueue(enqueued, times(1, later(1)))).toBe('dropped');
    expect(reasonToReenqueue(enqueued, times(1, later(-1)))).toBeUndefined();
  });

  it('has nothing to enqueue once every recipient is settled', () => {
    expect(reasonToReenqueue({ ...enqueued, pending: [] }, times(10_000, later(9_000)))).toBeUndefined();
  });

  it('counts its lost rounds, and starts from zero after a pause', () => {
    const round = { now: later(400), lastScheduledAt: later(460) };
    const lost = reenqueued({ ...enqueued, rounds: 3 }, 'lost', round);
    expect(lost).toMatchObject({
      rounds: 4,
      enqueuedAt: later(400),
      lostAfter: later(700),
      isEnqueued: false,
    });
    expect(reenqueued(lost, 'dropped', round).rounds).toBe(0);
  });
});

describe('aggregating the batches of a campaign', () => {
  const campaign = sampleCampaign({ state: 'running', cursor: { row: 10, offset: 500, batch: 2 } });
  const whole = sampleBatch({
    pending: [],
    counts: { ...sampleBatch().counts, sent: 2, failed: 1 },
    outcomes: { 2: { outcome: 'failed', reason: 'it was refused' } },
  });

  it('adds a complete batch once and in order', () => {
    const once = withAggregated(campaign, whole);
    expect(once).toMatchObject({
      aggregated: 1,
      totals: { sent: 2, failed: 1 },
      reasons: { 'it was refused': 1 },
    });
    expect(withAggregated(once, whole)).toBe(once);
    expect(withAggregated(campaign, { ...whole, n: 1 })).toBe(campaign);
  });

  it('waits for a batch with pending recipients', () => {
    expect(withAggregated(campaign, { ...whole, pending: [1] })).toBe(campaign);
  });

  it('keeps twenty reasons and counts the rest together', () => {
    const outcomes = Object.fromEntries(
      Array.from({ length: 25 }, (_, k) => [k, { outcome: 'failed' as const, reason: `reason ${k}` }]),
    );
    const { reasons } = withAggregated(campaign, { ...whole, outcomes });
    expect(Object.keys(reasons)).toHaveLength(21);
    expect(reasons['other']).toBe(5);
  });

  it('completes the campaign when all rows are taken and counted, and not before', () => {
    const almost = { ...campaign, aggregated: 1 };
    expect(transition(almost, 'progressed', { now: NOW })).toBe(almost);
    const done = transition({ ...campaign, aggregated: 2 }, 'progressed', { now: NOW });
    expect(done).toMatchObject({ state: 'completed', version: 1 });
    const more = { ...campaign, aggregated: 2, cursor: { ...campaign.cursor, row: 9 } };
    expect(transition(more, 'progressed', { now: NOW })).toBe(more);
  });
});

describe("a recipient's messageId", () => {
  const campaign = sampleCampaign();
  const { campaignId } = campaign;
  const other = '254717746566' as PhoneNumber;

  it('is stable, and differs for another number, another key and without a key', () => {
    const ids = [
      recipientMessageId(campaign, CUSTOMER),
      recipientMessageId(campaign, other),
      recipientMessageId({ campaignId, idKey: 'c2l4dGVlbiBieXRlcywgMg' }, CUSTOMER),
      recipientMessageId({ campaignId }, CUSTOMER),
    ];
    expect(new Set(ids).size).toBe(4);
    expect(recipientMessageId(campaign, CUSTOMER)).toBe(ids[0]);
    expect(ids.join(' ')).not.toContain('2547177');
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('derives from a key that neither the API nor an event shows', () => {
    const after = { ...campaign, state: 'running', version: 1 } as const;
    const shown = [campaignView(campaign, [], NOW), eventsFor({ kind: 'campaign', before: campaign, after })];
    expect(shown[1]).toHaveLength(1);
    expect(JSON.stringify(shown)).not.toContain(campaign.idKey);
  });

  it('is the one of version 0.1 without a key', () => {
    const of01 = [{ campaignId: 'c-1' as CampaignId }, { campaignId: 'another' as CampaignId }].map((one) =>
      recipientMessageId(one, CUSTOMER),
    );
    expect(of01[0]).toBe('38fdf5aa-0392-8b97-aef4-75f1c9b33643');
    expect(of01[1]).not.toBe(of01[0]);
  });
});

describe('a batch that is taken from the plan', () => {
  const place = {
    campaignId: sampleCampaign().campaignId,
    n: 2,
    first: 200,
    count: 3,
    offset: 900,
    length: 90,
  };
  const opened = () =>
    openedBatch({ ...place, keepUntil: later(86_400) }, { now: NOW, lastScheduledAt: later(60) });

  it('has all its recipients pending, by their places in the plan', () => {
    expect(opened()).toMatchObject({ ...place, pending: [200, 201, 202], counts: NO_COUNTS, outcomes: {} });
  });

  it('counts as lost four minutes after its last recipient is due', () => {
    expect(opened()).toMatchObject({ enqueuedAt: NOW, isEnqueued: false, rounds: 0, lostAfter: later(300) });
  });
});

describe('the counts of a batch', () => {
  const counts = { ...NO_COUNTS, sent: 3, parked: 2, failed: 1, 'window-shut': 4 };

  it('are settled in all their outcomes together', () => {
    expect([settledIn(NO_COUNTS), settledIn(counts)]).toEqual([0, 10]);
  });

  it('are added outcome by outcome', () => {
    expect(sumOf(counts, { ...NO_COUNTS, sent: 1, unknown: 5 })).toEqual({ ...counts, sent: 4, unknown: 5 });
  });
});

describe('a line of the plan', () => {
  it('is read as it was written, and ends with a newline', () => {
    const recipient = { line: 7, to: CUSTOMER, columns: { name: 'Asha\n"A"', city: '' } };
    const line = planLine(recipient);
    expect(line.indexOf('\n')).toBe(line.length - 1);
    expect(readPlanLine(line)).toEqual(recipient);
  });
});
