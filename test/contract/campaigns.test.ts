import pMap from 'p-map';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Campaign } from '../../src/lib/campaigns/campaign.ts';
import type { CampaignId } from '../../src/lib/campaigns/campaign-id.ts';
import { failureStreakKey } from '../../src/lib/campaigns/failures/streak.ts';
import { type LedgerBatch, NO_COUNTS } from '../../src/lib/campaigns/ledger.ts';
import type { Plan } from '../../src/lib/campaigns/plan/figures.ts';
import type { MessageId } from '../../src/lib/messages/message.ts';
import { sampleBatch, sampleCampaign, samplePlan } from '../support/fakes/campaign-samples.ts';
import { BUSINESS, later, NOW } from '../support/fakes/samples.ts';
import { engines, type Stores } from './engines.ts';

const part = (key: string) => ({ key, etag: `"${key}"`, bytes: 10 });

describe.each(engines)('campaigns on $name', ({ open }) => {
  let stores: Stores;
  let campaigns = 0;
  beforeAll(async () => {
    stores = await open();
  });
  afterAll(() => stores.close());

  const newId = (): CampaignId => {
    campaigns += 1;
    return `campaign-${campaigns}` as CampaignId;
  };

  function opened(changes: Partial<LedgerBatch> = {}): Promise<LedgerBatch> {
    return stores.ledger.open(sampleBatch({ campaignId: newId(), ...changes }));
  }

  it('are read as they were stored, with everything that a campaign can have', async () => {
    const campaign: Campaign = sampleCampaign({
      campaignId: newId(),
      state: 'running',
      reason: 'why',
      autoStart: true,
      parent: newId(),
      spareKey: 'c3BhcmUga2V5',
      clientParent: newId(),
      clientCampaignId: newId(),
      namespaceKey: 'bmFtZXNwYWNlIGtleQ',
      startAt: later(1),
      expiresAt: later(2),
      schedule: { expression: 'rate(1 day)', timeZone: 'Africa/Nairobi' },
      nextScheduledAt: later(3.001),
      share: 12.5,
      lastSentAt: later(3.5),
      aggregated: 2,
      totals: { ...NO_COUNTS, sent: 7, 'opted-out': 1 },
      reasons: { 'it was refused': 2 },
      startedAt: later(4),
      resumedAt: later(5),
      nextRunAt: later(6),
      dueAt: later(7),
      planning: {
        planId: 'p2',
        dryRun: true,
        since: later(8),
        rows: 9,
        tries: 1,
        checkpoint: { key: 'plans/c/p2/0.json', rows: 7 },
      },
    });
    await stores.campaigns.create(campaign);
    expect((await stores.campaigns.get(campaign.campaignId))?.value).toEqual(campaign);
  });

  it('are read with the least that a campaign has', async () => {
    const campaign = sampleCampaign({ campaignId: newId(), plan: undefined, source: undefined });
    await stores.campaigns.create(campaign);
    expect((await stores.campaigns.get(campaign.campaignId))?.value).toEqual(campaign);
  });

  it.each<[string, Partial<Plan>]>([
    ['several parts', { parts: [part('a'), part('b')], rejectedKeys: [] }],
    ['several objects of rejected rows', { parts: [part('a')], rejectedKeys: ['r', 's'] }],
    ['no rejected row', { parts: [part('a')], rejectedKeys: [] }],
    ['no recipient', { parts: [], rejectedKeys: ['r'] }],
    ['no file, after a dry run', { parts: undefined, rejectedKeys: undefined }],
  ])('are read with a plan of %s', async (_, changes) => {
    const campaign = sampleCampaign({ campaignId: newId(), plan: samplePlan(10, changes) });
    await stores.campaigns.create(campaign);
    const stored = await stores.campaigns.get(campaign.campaignId);
    expect(stored?.value).toEqual(campaign);
    if (stored) await stores.campaigns.replace(stored, { ...stored.value, name: 'again' });
    expect((await stores.campaigns.get(campaign.campaignId))?.value).toEqual({ ...campaign, name: 'again' });
  });

  it('are due by their time, the longest due first, and only while they have one', async () => {
    const [a, b, c, d] = [newId(), newId(), newId(), newId()];
    for (const [campaignId, dueAt] of [
      [a, later(-50)],
      [b, later(-100)],
      [c, later(100)],
      [d, undefined],
    ] as const) {
      await stores.campaigns.create(sampleCampaign({ campaignId, dueAt }));
    }
    const due = (await stores.campaigns.due(NOW, 100)).filter((id) => [a, b, c, d].includes(id));
    expect(due).toEqual([b, a]);
    expect(await stores.campaigns.due(NOW, 1)).toHaveLength(1);
  });

  it('are listed newest first, page by page, by client', async () => {
    const add = async (clientId: string, second: number, idKey: string | undefined = 'a2V5') => {
      const campaignId = newId();
      const createdAt = later(second);
      await stores.campaigns.create(sampleCampaign({ campaignId, clientId, idKey, createdAt }));
      return campaignId;
    };
    const a = [await add('a', 1_000), await add('a', 1_002), await add('a', 1_004)];
    const b = [await add('b', 1_001), await add('b', 1_003)];
    const list = async (clientIds: string[], limit: number, after?: string) => {
      const found = await stores.campaigns.list(clientIds, { limit, after });
      return { ids: found.map(({ id }) => id), last: found.at(-1)?.place };
    };
    const first = await list(['a'], 2);
    expect(first.ids).toEqual([a[2], a[1]]);
    expect((await list(['a'], 2, first.last)).ids).toEqual([a[0]]);
    const both = await list(['a', 'b'], 3);
    expect(both.ids).toEqual([a[2], b[1], a[1]]);
    expect((await list(['b', 'a'], 3, both.last)).ids).toEqual([b[0], a[0]]);
    expect((await list([], 10)).ids).toEqual([]);
  });

  it('of 0.1 are listed for every client, which leaves out the others’', async () => {
    const campaignId = newId();
    const old = sampleCampaign({ campaignId, clientId: 'c', idKey: undefined, createdAt: later(2_000) });
    const { stored } = await stores.campaigns.create(old);
    // What it gets later moves it to no other list.
    if (stored) await stores.campaigns.replace(stored, { ...stored.value, spareKey: 'a2V5' });
    const found = await stores.campaigns.list(['d'], { limit: 10, after: undefined });
    expect(found.map(({ id }) => id)).toEqual([campaignId]);
  });

  it('open a batch once, and a second opening returns the first batch', async () => {
    const batch = await opened();
    const again = await stores.ledger.open({ ...batch, enqueuedAt: later(9) });
    expect(again).toEqual(batch);
    expect(await stores.ledger.get(batch)).toEqual(batch);
  });

  it('settle a recipient once, whatever a repeat says', async () => {
    const batch = await opened({ first: 100, pending: [100, 101, 102] });
    const after = await stores.ledger.settle(batch, 101, { outcome: 'sent' });
    expect(after).toMatchObject({ pending: [100, 102], counts: { sent: 1 }, outcomes: {} });
    expect(await stores.ledger.settle(batch, 101, { outcome: 'failed', reason: 'no' })).toBeUndefined();
    expect(await stores.ledger.get(batch)).toEqual(after);
  });

  it('keep an outcome other than sent, with its reason', async () => {
    const batch = await opened({ pending: [0, 1] });
    await stores.ledger.settle(batch, 0, { outcome: 'opted-out' });
    const after = await stores.ledger.settle(batch, 1, { outcome: 'failed', reason: 'because' });
    expect(after).toMatchObject({
      pending: [],
      counts: { ...NO_COUNTS, 'opted-out': 1, failed: 1 },
      outcomes: { 0: { outcome: 'opted-out' }, 1: { outcome: 'failed', reason: 'because' } },
    });
  });

  it('keep the messageId of a recipient that was sent under another one', async () => {
    const batch = await opened({ pending: [0, 1] });
    const messageId = 'another' as MessageId;
    await stores.ledger.settle(batch, 0, { outcome: 'sent', messageId, sentAt: later(1) });
    const after = await stores.ledger.settle(batch, 1, { outcome: 'failed', reason: undefined });
    expect(after?.outcomes).toEqual({ 0: { outcome: 'sent', messageId }, 1: { outcome: 'failed' } });
  });

  it('count each of a hundred settlements once, sent twice and twenty at a time', async () => {
    const pending = Array.from({ length: 100 }, (_, k) => k);
    const batch = await opened({ pending, count: 100 });
    const rows = [...pending, ...pending];
    const settle = (row: number) => stores.ledger.settle(batch, row, { outcome: 'parked' });
    const answers = await pMap(rows, settle, { concurrency: 20 });
    expect(answers.filter((answer) => answer !== undefined)).toHaveLength(100);
    expect(await stores.ledger.get(batch)).toMatchObject({ pending: [], counts: { parked: 100 } });
  });

  it('let one of the processes that read a batch begin its next round', async () => {
    const batch = await opened();
    const round = (enqueuedAt: Date) => ({ enqueuedAt, lostAfter: later(500), rounds: 1 });
    const claims = await Promise.all(
      [later(10), later(11)].map((at) => stores.ledger.claimRound(batch, round(at))),
    );
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await stores.ledger.claimRound(batch, round(later(12)))).toBe(false);
    expect(await stores.ledger.get(batch)).toMatchObject({
      rounds: 1,
      lostAfter: later(500),
      isEnqueued: false,
    });
  });

  it('mark a round as enqueued only while it is the current one', async () => {
    const batch = await opened();
    await stores.ledger.noteEnqueued({ ...batch, enqueuedAt: later(77) });
    expect((await stores.ledger.get(batch))?.isEnqueued).toBe(false);
    await stores.ledger.noteEnqueued(batch);
    expect((await stores.ledger.get(batch))?.isEnqueued).toBe(true);
  });

  it('postpone a batch, and never bring it forward', async () => {
    const batch = await opened({ lostAfter: later(100) });
    await stores.ledger.postpone(batch, later(50));
    expect((await stores.ledger.get(batch))?.lostAfter).toEqual(later(100));
    await stores.ledger.postpone(batch, later(200));
    expect((await stores.ledger.get(batch))?.lostAfter).toEqual(later(200));
  });

  it('settle, enqueue and postpone nothing that does not exist', async () => {
    const nowhere = sampleBatch({ campaignId: newId() });
    expect(await stores.ledger.settle(nowhere, 0, { outcome: 'sent' })).toBeUndefined();
    expect(await stores.ledger.claimRound(nowhere, nowhere)).toBe(false);
    await stores.ledger.postpone(nowhere, later(1));
    expect(await stores.ledger.get(nowhere)).toBeUndefined();
  });

  it('the time of the last send is kept with the batch, and only a send changes it', async () => {
    const batch = await opened({ pending: [0, 1, 2] });
    expect(batch.lastSentAt).toBeUndefined();
    await stores.ledger.settle(batch, 0, { outcome: 'sent', sentAt: later(1.001) });
    await stores.ledger.settle(batch, 1, { outcome: 'failed', reason: 'no' });
    const after = await stores.ledger.get(batch);
    expect(after).toMatchObject({
      lastSentAt: later(1.001),
      outcomes: { 1: { outcome: 'failed', reason: 'no' } },
    });
    expect(after?.outcomes[0]).toBeUndefined();
    expect(await stores.ledger.settle(batch, 2, { outcome: 'sent', sentAt: later(2) })).toMatchObject({
      pending: [],
      counts: { sent: 2, failed: 1 },
      lastSentAt: later(2),
    });
  });

  it('a streak of failures is kept with its times, and of two writers one has to look again', async () => {
    const key = failureStreakKey(newId(), { kind: 'refused', words: 'No.' });
    const streak = { key, times: [later(1), later(1.5)], keepUntil: later(86_400) };
    await stores.failureStreaks.create(streak);
    const found = await stores.failureStreaks.get(key);
    expect(found?.value).toEqual(streak);
    if (!found) throw new Error('the streak was not stored');
    expect(await stores.failureStreaks.replace(found, { ...streak, times: [] })).toMatchObject({
      done: true,
    });
    expect(await stores.failureStreaks.replace(found, streak)).toMatchObject({ done: false });
    expect((await stores.failureStreaks.get(key))?.value.times).toEqual([]);
  });

  it('a number’s pace comes back, and is forgotten long after', async () => {
    const pace = { business: BUSINESS, perMinute: 2_400, slowedAt: NOW };
    await stores.rateLimits.create(pace);
    expect((await stores.rateLimits.get(BUSINESS))?.value).toEqual(pace);
  });
});
