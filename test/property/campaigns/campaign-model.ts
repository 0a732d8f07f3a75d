/** A campaign over the fakes: ticks and workers that overlap, die and run twice, an operator, and time. */
import type { Scheduler } from 'fast-check';
import type { Campaign } from '../../../src/lib/campaigns/campaign.ts';
import { OUTCOMES, planLine, settledIn } from '../../../src/lib/campaigns/ledger.ts';
import { transition } from '../../../src/lib/campaigns/lifecycle.ts';
import type { PlanPart } from '../../../src/lib/campaigns/plan/figures.ts';
import type { RecipientJob } from '../../../src/lib/campaigns/ports.ts';
import { progressOf } from '../../../src/lib/campaigns/report.ts';
import { AppError } from '../../../src/lib/platform/errors.ts';
import { updateWithRetry } from '../../../src/lib/platform/update-with-retry.ts';
import type { SendFlow } from '../../../src/lib/sending/send-flow.ts';
import type { PhoneNumber } from '../../../src/lib/whatsapp/phone.ts';
import { recipientUseCases } from '../../../src/lib/wiring/campaign-use-cases.ts';
import { sampleCampaign, samplePlan } from '../../support/fakes/campaign-samples.ts';
import {
  fakeCampaignQueue,
  fakeCampaigns,
  fakeFailureStreaks,
  fakeLedger,
  fakeObjects,
  fakeRateLimits,
} from '../../support/fakes/campaigns.ts';
import { manualClock, namedRandom } from '../../support/fakes/clock.ts';
import { type Link, straight } from '../../support/fakes/link.ts';
import { NOW, sampleMessage } from '../../support/fakes/samples.ts';
import { fakeTombstones } from '../../support/fakes/stores.ts';
import { fakeTelemetry } from '../../support/fakes/telemetry.ts';
import type { CampaignScenario, Step } from './campaign-scenario.ts';

class Crash extends Error {}

/** Every call waits for the scheduler. At `crashAt` the process dies, before or after the call is applied. */
function linkOf(s: Scheduler, crashAt: number | undefined, applied: boolean): Link {
  let calls = 0;
  return async (call, apply) => {
    await s.schedule(Promise.resolve(), call);
    calls += 1;
    if (crashAt !== undefined && calls > crashAt) throw new Crash();
    if (calls === crashAt && !applied) throw new Crash();
    const result = apply();
    if (calls === crashAt) throw new Crash();
    return result;
  };
}

const PER_MINUTE = 5;
const numberOf = (k: number) => `2547${String(10_000_000 + k)}` as PhoneNumber;

export async function runCampaign(given: CampaignScenario, s: Scheduler): Promise<string[]> {
  const clock = manualClock(NOW);
  const campaigns = fakeCampaigns(clock);
  const ledger = fakeLedger();
  const objects = fakeObjects();
  const queue = fakeCampaignQueue(clock);
  const paces = fakeRateLimits(clock);
  const streaks = fakeFailureStreaks(clock);
  const tombstones = fakeTombstones();
  const telemetry = fakeTelemetry();
  const broken: string[] = [];
  /** The worker's sends by messageId. A second send of one is a replay. */
  const sends = new Map<string, number>();
  let problems = given.problems;

  const lines = Array.from({ length: given.recipients }, (_, k) =>
    planLine({ line: k + 2, to: numberOf(k), columns: { name: `N${k}` } }),
  );
  const parts: PlanPart[] = [];
  for (let k = 0; k < lines.length; k += given.aPart) {
    const key = `plans/c/${parts.length}`;
    objects.place(key, lines.slice(k, k + given.aPart).join(''));
    parts.push({ key, ...(await objects.head({ bucket: objects.bucket, key })) });
  }
  const plan = samplePlan(given.recipients, { parts });
  const planned = sampleCampaign({ state: 'planned', plan, perMinute: PER_MINUTE });
  await campaigns.create(transition(planned, 'started', { now: clock.now() }));
  const { campaignId } = planned;

  function process(link: Link) {
    const base = {
      campaigns: campaigns.over(link),
      ledger: ledger.over(link),
      objects: objects.over(link),
      campaignQueue: queue.over(link),
      rateLimits: paces.over(link),
      failureStreaks: streaks.over(link),
      tombstones: tombstones.over(link),
      clock,
      telemetry,
      random: namedRandom('c'),
    };
    const sendFlow: Pick<SendFlow, 'send'> = {
      async send({ request }) {
        const { messageId } = request;
        const [problem, ...rest] = problems;
        if (!sends.has(messageId) && problem) {
          problems = rest;
          throw new AppError(...problem);
        }
        await link('send', () => sends.set(messageId, (sends.get(messageId) ?? 0) + 1));
        const answer = { kind: 'sent', body: '{}' } as const;
        return { message: sampleMessage({ messageId, status: 'sent', answer }), fresh: true };
      },
    };
    const ports = { ...base, sendFlow };
    const { runner, sendToRecipient } = recipientUseCases(ports, {
      numberPerMinute: 4_800,
      pauseAfterFailures: 2,
    });
    return {
      reconcile: async (share: number) => {
        const stored = await base.campaigns.get(campaignId);
        if (stored?.value.state === 'running') await runner.reconcile(stored, share);
      },
      work: sendToRecipient,
    };
  }

  const run = { correlationId: 'c', deadlineAt: new Date(NOW.getTime() + 1e12) };

  async function change(by: (c: Campaign) => Campaign): Promise<void> {
    await updateWithRetry(campaigns, await campaigns.get(campaignId), by);
  }

  async function work(step: Extract<Step, { kind: 'work' }>): Promise<void> {
    const { work: one } = process(linkOf(s, step.crashAt, step.applied));
    clock.advance(step.later);
    const jobs = queue.take().slice(0, step.jobs);
    const all = step.twice ? [...jobs, ...jobs] : jobs;
    await Promise.all(
      all.map(async (job: RecipientJob) => {
        await one(job, run).catch((fault) => {
          if (!(fault instanceof Crash)) throw fault;
        });
      }),
    );
  }

  function take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'reconcile':
        return process(linkOf(s, step.crashAt, step.applied))
          .reconcile(step.share)
          .catch((fault) => {
            if (!(fault instanceof Crash)) throw fault;
          });
      case 'work':
        return work(step);
      case 'pause':
        return change((c) => transition(c, 'paused', { reason: 'asked', now: clock.now() }));
      case 'resume':
        return change((c) => transition(c, 'resumed', { now: clock.now() }));
      case 'wait':
        clock.advance(step.ms);
        return Promise.resolve();
    }
  }

  async function check(when: string): Promise<void> {
    const campaign = (await campaigns.get(campaignId))?.value;
    if (!campaign) return void broken.push(`${when}: the campaign is gone`);
    const all = ledger.all();
    for (const batch of all) {
      if (batch.pending.length + settledIn(batch.counts) !== batch.count)
        broken.push(`${when}: a batch lost count`);
    }
    const open = all.filter(({ n }) => n >= campaign.aggregated && n < campaign.cursor.batch);
    const progress = progressOf(campaign, open, clock.now());
    const told = OUTCOMES.reduce((sum, outcome) => sum + progress[outcome], 0);
    if (told + progress.pending + progress.notReached !== given.recipients)
      broken.push(`${when}: the sum is not the total`);
    if (progress.sent > sends.size) broken.push(`${when}: more are counted as sent than were sent to`);
  }

  await process(straight).reconcile(PER_MINUTE);
  for (const [k, steps] of given.steps.entries()) {
    const doing = Promise.all(steps.map(take));
    await s.waitFor(doing);
    await check(`step ${k}`);
  }

  // Every process that died has a successor: the campaign comes to its end.
  const clean = process(straight);
  const isOver = async () => (await campaigns.get(campaignId))?.value.state === 'completed';
  for (let round = 0; round < 400 && !(await isOver()); round += 1) {
    await change((c) => transition(c, 'resumed', { now: clock.now() }));
    await clean.reconcile(PER_MINUTE);
    for (const job of queue.take()) await clean.work(job, run);
    clock.advance(15_000);
  }
  await check('the end');
  const campaign = (await campaigns.get(campaignId))?.value;
  if (campaign?.state !== 'completed') broken.push(`it ends as ${campaign?.state}`);
  if (sends.size + (campaign?.totals.failed ?? 0) < given.recipients)
    broken.push('somebody was never sent to');
  if (campaign && settledIn(campaign.totals) !== given.recipients)
    broken.push('the totals are not the total');
  const spans = ledger
    .all()
    .toSorted((a, b) => a.n - b.n)
    .filter(({ n }) => n < (campaign?.cursor.batch ?? 0));
  let next = 0;
  for (const { first, count } of spans) {
    if (first !== next) broken.push('the batches do not follow each other');
    next = first + count;
  }
  if (next !== given.recipients) broken.push('the batches are not the plan');
  if (campaign && transition(campaign, 'cancelled', { now: clock.now() }) !== campaign)
    broken.push('the end is not final');
  return broken;
}
