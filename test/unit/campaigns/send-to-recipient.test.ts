/** Which queue records of a campaign still send: none from before a pause, a slow-down or a newer enqueuing. */
import { describe, expect, it } from 'vitest';
import type { Campaign } from '../../../src/lib/campaigns/campaign.ts';
import { failureStreakKey } from '../../../src/lib/campaigns/failures/streak.ts';
import { planLine, recipientMessageId, reenqueued } from '../../../src/lib/campaigns/ledger.ts';
import { transition } from '../../../src/lib/campaigns/lifecycle.ts';
import type { RecipientJob } from '../../../src/lib/campaigns/ports.ts';
import { withShare } from '../../../src/lib/campaigns/progress.ts';
import type { MessageId } from '../../../src/lib/messages/message.ts';
import { AppError } from '../../../src/lib/platform/errors.ts';
import { updateWithRetry } from '../../../src/lib/platform/update-with-retry.ts';
import { reused } from '../../../src/lib/sending/resolve-existing.ts';
import type { SendFlow } from '../../../src/lib/sending/send-flow.ts';
import { recipientUseCases } from '../../../src/lib/wiring/campaign-use-cases.ts';
import { sampleBatch, sampleCampaign, samplePlan } from '../../support/fakes/campaign-samples.ts';
import {
  fakeCampaignQueue,
  fakeCampaigns,
  fakeFailureStreaks,
  fakeLedger,
  fakeObjects,
  fakeRateLimits,
} from '../../support/fakes/campaigns.ts';
import { manualClock, namedRandom } from '../../support/fakes/clock.ts';
import { BUSINESS, CUSTOMER, later, NOW, sampleMessage } from '../../support/fakes/samples.ts';
import { fakeTombstones } from '../../support/fakes/stores.ts';
import { fakeTelemetry } from '../../support/fakes/telemetry.ts';

/** A running campaign with one recipient, who is due at `NOW`. */
async function running({ sleep, of01 }: { sleep?: 'wait'; of01?: true } = {}) {
  const clock = manualClock(NOW, sleep && { sleep });
  const campaigns = fakeCampaigns(clock);
  const ledger = fakeLedger();
  const objects = fakeObjects();
  const queue = fakeCampaignQueue(clock);
  const base = {
    campaigns,
    ledger,
    objects,
    campaignQueue: queue,
    rateLimits: fakeRateLimits(clock),
    failureStreaks: fakeFailureStreaks(clock),
    tombstones: fakeTombstones(),
    clock,
    random: namedRandom('worker'),
    telemetry: fakeTelemetry(),
  };
  const sent: string[] = [];
  const messageIds: MessageId[] = [];
  /** What another client, or another campaign, has claimed. */
  const taken = new Set<MessageId>();
  /** What happens while the flow is being sent. */
  const meanwhile: { happens: () => Promise<void> } = { happens: () => Promise.resolve() };
  const sendFlow: Pick<SendFlow, 'send'> = {
    send: async ({ request: { to, messageId } }) => {
      await meanwhile.happens();
      messageIds.push(messageId);
      if (taken.has(messageId)) throw reused();
      sent.push(to);
      const answer = { kind: 'sent', body: '{}' } as const;
      return { message: sampleMessage({ messageId, status: 'sent', answer }), fresh: true };
    },
  };
  const { sendToRecipient } = recipientUseCases(
    { ...base, sendFlow },
    { numberPerMinute: 4_800, pauseAfterFailures: 10 },
  );

  const line = planLine({ line: 2, to: CUSTOMER, columns: { name: 'Asha' } });
  objects.place('plan', line);
  const { etag, bytes } = await objects.head({ bucket: objects.bucket, key: 'plan' });
  const campaign = sampleCampaign({
    state: 'running',
    ...(of01 ? { idKey: undefined } : {}),
    plan: samplePlan(1, { parts: [{ key: 'plan', etag, bytes }] }),
    cursor: { row: 1, offset: bytes, batch: 1 },
    share: 60,
  });
  await campaigns.create(campaign);
  const batch = await ledger.open(sampleBatch({ count: 1, pending: [0], length: bytes, isEnqueued: true }));
  const record: RecipientJob = {
    campaignId: campaign.campaignId,
    n: batch.n,
    row: 0,
    enqueuedAt: batch.enqueuedAt,
    scheduledAt: NOW,
    tries: 0,
  };

  return {
    record,
    sent,
    messageIds,
    taken,
    ownId: recipientMessageId(campaign, CUSTOMER),
    tombstones: base.tombstones,
    /** As an erasure does. */
    async blank() {
      const { bytes: length, ...version } = await objects.head({ bucket: objects.bucket, key: 'plan' });
      const rewriter = objects.rewriter('plan', version);
      await rewriter.write(`${' '.repeat(length - 1)}\n`);
      await rewriter.close();
    },
    meanwhile,
    queue,
    failures: base.failureStreaks,
    receive: (one: RecipientJob) => sendToRecipient(one, { correlationId: 'c', deadlineAt: later(60) }),
    async change(by: (stored: Campaign, now: Date) => Campaign) {
      clock.advance(1_000);
      const stored = await campaigns.get(campaign.campaignId);
      await updateWithRetry(campaigns, stored, (c) => by(c, clock.now()));
    },
    /** As the tick does after a pause: the record with which the recipient is enqueued again. */
    async enqueueAgain(): Promise<RecipientJob> {
      clock.advance(1_000);
      const now = clock.now();
      const round = reenqueued(batch, 'dropped', { now, lastScheduledAt: now });
      await ledger.claimRound(batch, round);
      return { ...record, enqueuedAt: round.enqueuedAt, scheduledAt: now };
    },
    pending: async () => (await ledger.get(batch))?.pending,
    outcome: async () => (await ledger.get(batch))?.outcomes[0],
    state: async () => (await campaigns.get(campaign.campaignId))?.value.state,
  };
}

type Running = Awaited<ReturnType<typeof running>>;

async function pauseAndResume({ change }: Running): Promise<void> {
  await change((c, now) => transition(c, 'paused', { reason: 'asked', now }));
  await change((c, now) => transition(c, 'resumed', { now }));
}

async function slowDown({ change }: Running): Promise<void> {
  await change((c, now) => withShare(c, 30, now));
}

/** Nothing was sent or enqueued, and the recipient waits for the next record. */
async function expectDropped(one: Running): Promise<void> {
  expect(one.sent).toEqual([]);
  expect(one.queue.waiting).toEqual([]);
  expect(await one.pending()).toEqual([0]);
  expect(await one.state()).toBe('running');
}

describe('the queue record of a recipient', () => {
  it('sends its flow, settles the recipient and so completes the campaign', async () => {
    const one = await running();
    await one.receive(one.record);
    expect(one.sent).toEqual([CUSTOMER]);
    expect([await one.pending(), await one.state()]).toEqual([[], 'completed']);
  });

  it('counts its failure even if the recipient can’t be requeued', async () => {
    const one = await running();
    one.meanwhile.happens = () => Promise.reject(new AppError('gateway-misconfigured', 'no balance'));
    const down = () => Promise.reject(new AppError('store-unavailable', 'down'));
    Object.assign(one.queue, { enqueue: down });
    await expect(one.receive(one.record)).rejects.toThrow('store-unavailable');
    const key = failureStreakKey(one.record.campaignId, { kind: 'operator' });
    expect((await one.failures.get(key))?.value.times).toHaveLength(1);
  });

  it('sends nothing while the campaign is paused', async () => {
    const one = await running();
    await one.change((c, now) => transition(c, 'paused', { reason: 'asked', now }));
    await one.receive(one.record);
    expect([one.sent, one.queue.waiting, await one.pending()]).toEqual([[], [], [0]]);
  });

  it('sends nothing if the campaign is paused while it waits for its time', async () => {
    const one = await running({ sleep: 'wait' });
    const received = one.receive({ ...one.record, scheduledAt: new Date(NOW.getTime() + 1_400) });
    await one.change((c, now) => transition(c, 'paused', { reason: 'asked', now }));
    await one.change((c) => c);
    await received;
    expect([one.sent, one.queue.waiting, await one.pending()]).toEqual([[], [], [0]]);
  });

  it.each([
    ['a pause', pauseAndResume],
    ['a slow-down', slowDown],
  ])('sends nothing from before %s, before the recipient is enqueued again', async (_, happens) => {
    const one = await running();
    await happens(one);
    await one.receive(one.record);
    await expectDropped(one);
  });

  it.each([
    ['a pause', pauseAndResume],
    ['a slow-down', slowDown],
  ])('sends nothing from before %s, after the recipient is enqueued again', async (_, happens) => {
    const one = await running();
    await happens(one);
    const next = await one.enqueueAgain();
    await one.receive(one.record);
    await expectDropped(one);
    await one.receive(next);
    expect(one.sent).toEqual([CUSTOMER]);
  });

  it('sends nothing once its recipient is settled', async () => {
    const one = await running();
    await one.receive(one.record);
    await one.change((c) => ({ ...c, state: 'running' }));
    await one.receive(one.record);
    expect(one.sent).toEqual([CUSTOMER]);
  });
});

describe('a trouble that stops the campaign', () => {
  const wrongKey = new AppError('gateway-credentials', 'The operator must renew the key.');

  it('pauses it, and the recipient stays pending', async () => {
    const one = await running();
    one.meanwhile.happens = () => Promise.reject(wrongKey);
    await one.receive(one.record);
    expect([await one.state(), await one.pending()]).toEqual(['paused', [0]]);
  });

  it('does not pause it again if the campaign was resumed while the flow was being sent', async () => {
    const one = await running();
    one.meanwhile.happens = async () => {
      await pauseAndResume(one);
      throw wrongKey;
    };
    await one.receive(one.record);
    expect([await one.state(), await one.pending()]).toEqual(['running', [0]]);
  });
});

describe('a recipient whose messageId is taken', () => {
  it('of a campaign of 0.1 is sent under another id, which is shown and a repeat has, too', async () => {
    const one = await running({ of01: true });
    one.taken.add(one.ownId);
    let calls = 0;
    one.meanwhile.happens = () => {
      calls += 1;
      return calls === 2 ? Promise.reject(new AppError('store-unavailable', 'down')) : Promise.resolve();
    };
    await one.receive(one.record);
    expect([one.sent, await one.pending()]).toEqual([[], [0]]);
    await one.receive(one.record);
    const [first, again, spare = ''] = one.messageIds;
    expect([first, again]).toEqual([one.ownId, one.ownId]);
    expect(one.sent).toEqual([CUSTOMER]);
    expect(await one.outcome()).toEqual({ outcome: 'sent', messageId: spare });
    expect(spare).not.toBe(one.ownId);
    expect(await one.state()).toBe('completed');
  });

  it('of a newer campaign has failed: no other client can have computed it', async () => {
    const one = await running();
    one.taken.add(one.ownId);
    await one.receive(one.record);
    expect([one.sent, one.messageIds]).toEqual([[], [one.ownId]]);
    expect(await one.outcome()).toMatchObject({ outcome: 'failed' });
  });
});

describe('a recipient who was erased', () => {
  const reason = 'was erased after the recipients were put';

  it('after the recipients were put gets nothing', async () => {
    const world = await running();
    await world.tombstones.bury({ business: BUSINESS, customer: CUSTOMER }, later(0));
    await world.receive(world.record);
    expect(world.sent).toEqual([]);
    expect(await world.pending()).toEqual([]);
    expect(await world.outcome()).toEqual({ outcome: 'opted-out', reason });
  });

  it('before the recipients were put gets the flow', async () => {
    const world = await running();
    await world.tombstones.bury({ business: BUSINESS, customer: CUSTOMER }, later(-1));
    await world.receive(world.record);
    expect(world.sent).toEqual([CUSTOMER]);
  });

  it('gets nothing, and the campaign goes on, when the plan no longer names them', async () => {
    const world = await running();
    await world.blank();
    await world.receive(world.record);
    expect(world.sent).toEqual([]);
    expect(await world.outcome()).toEqual({ outcome: 'opted-out', reason });
    expect(await world.state()).not.toBe('paused');
  });

  it('stays pending as long as the tombstones cannot be read', async () => {
    const world = await running();
    world.tombstones.erasedAt = () =>
      Promise.reject(new AppError('store-unavailable', 'The erasure key could not be read.'));
    await world.receive(world.record);
    expect(world.sent).toEqual([]);
    expect(await world.pending()).toEqual([0]);
    expect(world.queue.waiting).toMatchObject([{ clientId: 'client-1', job: { tries: 1 } }]);
  });
});
