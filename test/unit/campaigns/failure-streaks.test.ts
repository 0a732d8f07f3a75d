/** Failures since a campaign's last success, counted by workers that know nothing of each other. */
import { beforeEach, describe, expect, it } from 'vitest';
import { makeCountFailures } from '../../../src/lib/campaigns/failures/count.ts';
import { type FailureCause, failureStreakKey } from '../../../src/lib/campaigns/failures/streak.ts';
import { withAggregated } from '../../../src/lib/campaigns/progress.ts';
import { pauseFor, resultOfProblem, resultOfStatus } from '../../../src/lib/campaigns/recipient-result.ts';
import { AppError } from '../../../src/lib/platform/errors.ts';
import { sampleBatch, sampleCampaign } from '../../support/fakes/campaign-samples.ts';
import { fakeCampaigns, fakeFailureStreaks, fakeLedger } from '../../support/fakes/campaigns.ts';
import { manualClock } from '../../support/fakes/clock.ts';
import { NOW } from '../../support/fakes/samples.ts';

const MOST = 10;
const OPERATOR: FailureCause = { kind: 'operator' };
const refused = (words: string): FailureCause => ({ kind: 'refused', words });

async function running() {
  const clock = manualClock(NOW);
  const [campaigns, ledger, failureStreaks] = [fakeCampaigns(clock), fakeLedger(), fakeFailureStreaks(clock)];
  const campaign = sampleCampaign({
    state: 'running',
    changedAt: NOW,
    cursor: { row: 200, offset: 0, batch: 2 },
  });
  await campaigns.create(campaign);
  const rows = Array.from({ length: 100 }, (_, row) => row);
  for (const n of [0, 1]) await ledger.open(sampleBatch({ n, pending: rows, count: 100 }));
  const { campaignId } = campaign;
  let nextRow = 0;
  const worker = () =>
    makeCountFailures({ campaigns, ledger, failureStreaks, clock, pauseAfterFailures: MOST });
  const fails = async (cause: FailureCause, times = 1) => {
    const results: boolean[] = [];
    for (let n = 0; n < times; n += 1) {
      clock.advance(10);
      results.push(await worker()(campaignId, cause));
    }
    return results;
  };
  const succeeds = async (n = 0) => {
    clock.advance(10);
    nextRow += 1;
    await ledger.settle({ campaignId, n }, nextRow, { outcome: 'sent', sentAt: clock.now() });
  };
  const change = async (by: object) => {
    const stored = await campaigns.get(campaignId);
    if (stored) await campaigns.replace(stored, { ...stored.value, ...by });
  };
  return { clock, campaigns, ledger, failureStreaks, campaign, campaignId, worker, fails, succeeds, change };
}

let world: Awaited<ReturnType<typeof running>>;
beforeEach(async () => {
  world = await running();
});

const nineThenOne = [...Array<boolean>(MOST - 1).fill(false), true];

describe('a campaign has one failure too many', () => {
  it.each([
    ['of the operator’s trouble', OPERATOR],
    ['with the same words of a refusal', refused('No such screen')],
  ])('at the tenth since it began: %s', async (_, cause) => {
    expect(await world.fails(cause, MOST)).toEqual(nineThenOne);
  });

  it('at the tenth since its last success, in whatever batch that was', async () => {
    await world.fails(OPERATOR, 9);
    await world.succeeds(1);
    expect(await world.fails(OPERATOR, MOST)).toEqual(nineThenOne);
  });

  it('at the tenth since a success in the midst of others', async () => {
    await world.fails(OPERATOR, 4);
    await world.succeeds(0);
    await world.fails(OPERATOR, 3);
    await world.succeeds(1);
    expect(await world.fails(OPERATOR, MOST)).toEqual(nineThenOne);
  });

  it('never, with a success between every nine', async () => {
    for (let round = 0; round < 20; round += 1) {
      expect(await world.fails(OPERATOR, 9)).not.toContain(true);
      await world.succeeds(round % 2);
    }
  });

  it('at the tenth since a success whose batch is complete and aggregated', async () => {
    await world.fails(OPERATOR, 9);
    await world.succeeds(0);
    const batch = await world.ledger.get({ campaignId: world.campaignId, n: 0 });
    if (!batch) throw new Error('no batch');
    const { lastSentAt, aggregated } = withAggregated(world.campaign, { ...batch, pending: [] });
    expect(lastSentAt).toEqual(batch.lastSentAt);
    await world.change({ lastSentAt, aggregated });
    expect(await world.fails(OPERATOR, MOST)).toEqual(nineThenOne);
  });

  it('at the tenth since it was resumed', async () => {
    await world.fails(OPERATOR, MOST);
    world.clock.advance(60_000);
    await world.change({ changedAt: world.clock.now() });
    expect(await world.fails(OPERATOR, MOST)).toEqual(nineThenOne);
  });

  it('once for each of ten workers that fail at the same moment, and no count is lost', async () => {
    world.clock.advance(10);
    const results = await Promise.all(
      Array.from({ length: MOST }, () => world.worker()(world.campaignId, OPERATOR)),
    );
    expect(results).toContain(true);
    const streak = await world.failureStreaks.get(failureStreakKey(world.campaignId, OPERATOR));
    expect(streak?.value.times).toHaveLength(MOST);
  });

  it('also if more workers fail at the same moment than can write the same item', async () => {
    world.clock.advance(10);
    const all = Array.from({ length: 6 * MOST }, () => world.worker()(world.campaignId, OPERATOR));
    const results = await Promise.all(all);
    expect(results).toContain(true);
  });

  it('not while it is paused, and not when it is gone', async () => {
    await world.change({ state: 'paused' });
    expect(await world.fails(OPERATOR, 2 * MOST)).not.toContain(true);
    await world.change({ state: 'running' });
    expect(await world.fails(OPERATOR, MOST - 1)).not.toContain(true);
  });

  it('by each wording of its own, and not by ten different ones', async () => {
    for (let n = 0; n < 3 * MOST; n += 1) expect(await world.fails(refused(`No. ${n}`))).toEqual([false]);
    expect(await world.fails(refused('No.'), MOST)).toEqual(nineThenOne);
  });

  it('for no more writes than failures, and with no name of the words in the key', async () => {
    await world.fails(refused('Call +254 700 000 001'), MOST);
    const key = failureStreakKey(world.campaignId, refused('Call +254 700 000 001'));
    expect(key).not.toMatch(/254|Call/);
    expect((await world.failureStreaks.get(key))?.value.times).toHaveLength(MOST);
  });
});

describe('which results count', () => {
  const job = { tries: 0, random: 0 };
  const problem = (code: ConstructorParameters<typeof AppError>[0], detail = 'No.') =>
    new AppError(code, detail);

  it('a refusal, by its words without numbers: it stays refused', () => {
    expect(resultOfProblem(problem('gateway-rejected', 'Not for +254700000001'), job)).toMatchObject({
      kind: 'settle',
      settlement: { outcome: 'failed' },
      failure: {
        cause: { kind: 'refused', words: 'Not for …' },
        reason: expect.stringContaining('Not for …'),
      },
    });
  });

  it('the operator’s trouble: the recipient comes again, and the reason quotes the response', () => {
    const result = resultOfProblem(problem('gateway-misconfigured', 'The response: HTTP 404.'), job);
    expect(result).toMatchObject({ kind: 'again', slow: false, failure: { cause: OPERATOR } });
    expect(result).toMatchObject({ failure: { reason: 'The response: HTTP 404. (gateway-misconfigured)' } });
  });

  it('the operator’s trouble with a template message: the flow stays parked', () => {
    expect(resultOfStatus('parked', 'gateway-misconfigured')).toMatchObject({
      kind: 'settle',
      settlement: { outcome: 'parked' },
      failure: { cause: OPERATOR, reason: expect.stringContaining('gateway-misconfigured') },
    });
    expect(pauseFor('gateway-misconfigured')).toBeUndefined();
    expect(pauseFor('gateway-credentials')).toContain('gateway-credentials');
    expect(resultOfStatus('parked', undefined)).not.toHaveProperty('failure');
  });

  it.each([
    'gateway-throttled',
    'gateway-unavailable',
    'store-unavailable',
    'session-closed',
    'recipient-opted-out',
    'message-id-reused',
    'send-in-progress',
  ] as const)('nothing that passes by itself, or is the recipient’s own: %s', (code) => {
    expect(resultOfProblem(problem(code), job)).not.toHaveProperty('failure');
  });
});
