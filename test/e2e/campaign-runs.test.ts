import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csv, planOf, progressOf, recipientsOf } from '../support/campaign-answers.ts';
import {
  type CampaignCalls,
  type CampaignFields,
  campaignCallsOf,
  ready,
} from '../support/fleet/campaigns.ts';
import { newCrowd } from '../support/fleet/crowd.ts';
import { cursorFor } from '../support/fleet/cursors.ts';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';
import { eventsOf, firsts, pumpQueue, pumpStream, QUICK_QUEUES } from '../support/fleet/lanes.ts';
import { type Ticks, tickOnAndOn } from '../support/fleet/ticks.ts';
import { until } from '../support/fleet/wait.ts';
import type { QueuePump } from '../support/queue-pump.ts';
import type { StreamPump } from '../support/stream-pump.ts';

const FAST = 4_800;
const TEMPLATE = { name: 'hello', languageCode: 'en', placeholders: ['{{name}}'] };

/** The answer to an `after` that is made up. */
const NO_PAGE = { status: 400, json: { code: 'invalid-request', errors: [{ path: 'after' }] } };

let fleet: Fleet;
let campaigns: CampaignCalls;
let pumps: [QueuePump, StreamPump];
let ticks: Ticks;

beforeAll(async () => {
  const counts = { campaigns: 1, contacts: 1, worker: 2, publisher: 1, campaignTick: 1 };
  fleet = await startFleet({ counts, queues: QUICK_QUEUES });
  campaigns = await campaignCallsOf(fleet);
  pumps = [pumpQueue(fleet, { queueName: 'CampaignQueue' }), pumpStream(fleet)];
  // What a start could not enqueue on a busy machine is the tick's to find, here as on AWS.
  ticks = tickOnAndOn(fleet.workers['campaignTick'] ?? [], 2_000);
});
afterAll(async () => {
  await Promise.all([ticks.stop(), ...pumps.map((pump) => pump.close())]);
  await fleet.stop();
});

const recipients = (...all: { to: string; name?: string }[]) => ({
  inline: all.map((one) => ({ name: 'Asha', ...one })),
});
const shut = () => fleet.canaries.number();
const started = async (fields: CampaignFields) => {
  const campaignId = await ready(campaigns, { perMinute: FAST, ...fields });
  expect((await campaigns.start(campaignId)).status).toBe(200);
  return campaignId;
};
const completed = async (fields: CampaignFields) => {
  const campaignId = await started(fields);
  return { campaignId, progress: progressOf(await campaigns.whenIs(campaignId, 'completed')) };
};
const sentTo = async (customer: string) =>
  (await fleet.lipachat.deliveries()).filter(({ to }) => to === customer);
const optOut = (customer: string) => fleet.call('PUT', `/v1/opt-outs/${fleet.business}/${customer}`);
const told = async (campaignId: string) => {
  await pumps[1].caughtUp();
  const events = firsts(await eventsOf(fleet)).filter(({ detail }) => detail['campaignId'] === campaignId);
  return events.map(({ type }) => type);
};
const SETTLED = { sent: 0, parked: 0, queued: 0, unknown: 0, failed: 0, 'opted-out': 0, 'window-shut': 0 };

describe.concurrent('a campaign', () => {
  it('sends everybody their own flow, once, and says exactly how it went', async () => {
    const [a, b] = [await fleet.newCustomer(), await fleet.newCustomer()];
    const message = campaigns.message({
      text: 'Dear {{name}}, {{ town }}',
      data: { deep: [{ town: '{{town}}' }], n: 7 },
    });
    const file = `to,name,town,unused\n${a},Asha,Kisumu,x\n${b},{{name}},"Nairobi, ""West""",y\n${a},Again,Voi,z\nnone,x,x,x\n`;
    const order = campaigns.order({ message, perMinute: FAST });
    expect((await campaigns.create(order)).status).toBe(201);
    await campaigns.upload(order.campaignId, file);
    expect((await campaigns.plan(order.campaignId)).status).toBe(200);
    expect((await campaigns.start(order.campaignId)).status).toBe(200);
    const done = await campaigns.whenIs(order.campaignId, 'completed');
    expect(progressOf(done)).toEqual({
      ...{ ...SETTLED, total: 2, sent: 2, pending: 0, notReached: 0, percent: 100 },
      ...{ ratePerMinute: null, eta: null, reasons: [] },
    });
    expect(planOf(done).counts).toMatchObject({ total: 2, invalid: 1, duplicate: 1 });
    const [toA = [], toB = []] = await Promise.all([a, b].map(sentTo));
    expect(toA.map(({ body }) => body)).toMatchObject([
      { text: 'Dear Asha, Kisumu', data: { deep: [{ town: 'Kisumu' }], n: 7 }, from: fleet.business },
    ]);
    expect(toB.map(({ body }) => body)).toMatchObject([{ text: 'Dear {{name}}, Nairobi, "West"' }]);
    const rows = await recipientsOf(campaigns, order.campaignId);
    expect(rows).toEqual([
      { line: 2, to: a, messageId: toA[0]?.messageId, status: 'sent', reason: null },
      { line: 3, to: b, messageId: toB[0]?.messageId, status: 'sent', reason: null },
    ]);
    expect(await told(order.campaignId)).toEqual([
      'campaign.planned',
      'campaign.started',
      'campaign.completed',
    ]);
    // Started again it is what it was.
    expect(await campaigns.start(order.campaignId)).toMatchObject({
      status: 200,
      json: { state: 'completed' },
    });
    expect(await campaigns.upload(order.campaignId, file)).toMatchObject({ status: 409 });
    expect(await campaigns.cancel(order.campaignId)).toMatchObject({
      status: 409,
      json: { code: 'campaign-state' },
    });
  });

  it('sends nobody twice whom another campaign has sent to, if it is the same campaign', async () => {
    const customer = await fleet.newCustomer();
    const order = campaigns.order({ recipients: recipients({ to: customer }), perMinute: FAST });
    for (let n = 0; n < 2; n += 1) {
      await campaigns.create(order);
      await campaigns.plan(order.campaignId);
      await campaigns.start(order.campaignId);
      await campaigns.whenIs(order.campaignId, 'completed');
    }
    expect(await sentTo(customer)).toHaveLength(1);
  });
});

describe.concurrent('at the moment of sending', () => {
  it('windows count as they are then, by whenClosed: reject, park, template', async () => {
    const [reject, park, template] = [shut(), shut(), shut()];
    const of = (to: string, fields: Record<string, unknown>) =>
      completed({ recipients: recipients({ to }), message: campaigns.message(fields) });
    const [rejected, parked, invited] = await Promise.all([
      of(reject, {}),
      of(park, { whenClosed: 'park', parkForSeconds: 600 }),
      of(template, { whenClosed: 'template', template: TEMPLATE }),
    ]);
    expect(rejected.progress).toMatchObject({ sent: 0, 'window-shut': 1, percent: 100 });
    expect(parked.progress).toMatchObject({ sent: 0, parked: 1 });
    expect(invited.progress).toMatchObject({ sent: 0, parked: 1 });
    expect(await sentTo(reject)).toEqual([]);
    expect(await sentTo(park)).toEqual([]);
    expect(await sentTo(template)).toMatchObject([
      { kind: 'template', body: { template: { components: { body: { placeholders: ['Asha'] } } } } },
    ]);
  });

  it('an opt-out and a window that came after the plan count, and not what was planned', async () => {
    const [stopped, stoppedByWord, opened, never] = [
      await fleet.newCustomer(),
      await fleet.newCustomer(),
      shut(),
      shut(),
    ];
    const campaignId = await ready(campaigns, {
      perMinute: FAST,
      recipients: recipients(...[stopped, stoppedByWord, opened, never].map((to) => ({ to }))),
    });
    expect(planOf(await campaigns.read(campaignId)).counts).toMatchObject({
      sendNow: 2,
      windowShut: 2,
      optedOut: 0,
    });
    expect((await optOut(stopped)).status).toBe(204);
    await fleet.lipachat.writeIn(stoppedByWord, { to: fleet.business, text: 'STOP' });
    await fleet.lipachat.writeIn(opened, { to: fleet.business });
    await campaigns.start(campaignId);
    const progress = progressOf(await campaigns.whenIs(campaignId, 'completed'));
    expect(progress).toMatchObject({ total: 4, sent: 1, 'opted-out': 2, 'window-shut': 1 });
    const calls = await fleet.lipachat.calls();
    const called = new Set(calls.map(({ body }) => (body as { to: string }).to));
    expect([stopped, stoppedByWord, opened, never].map((to) => called.has(to))).toEqual([
      false,
      false,
      true,
      false,
    ]);
  });
});

describe.concurrent('recipients', () => {
  it('are listed by status, with reasons, as JSON and as CSV that no spreadsheet calculates', async () => {
    const [sent, refused, closed, out] = [
      await fleet.newCustomer(),
      await fleet.newCustomer(),
      shut(),
      await fleet.newCustomer(),
    ];
    await optOut(out);
    const message = '=HYPERLINK("https://example.com","x"), "quoted"';
    await fleet.simulator.control('PUT', 'faults', {
      match: { to: refused },
      times: null,
      fault: { kind: 'reject', httpStatus: 400, message },
    });
    const { campaignId, progress } = await completed({
      recipients: recipients(
        ...[sent, refused, closed, out].map((to) => ({ to })),
        { to: sent },
        { to: '7' },
      ),
    });
    expect(progress).toMatchObject({ sent: 1, failed: 1, 'window-shut': 1, 'opted-out': 1, pending: 0 });
    expect(progress.reasons).toEqual([{ reason: expect.stringContaining('HYPERLINK'), count: 1 }]);
    const page = async (status: string) =>
      (await recipientsOf(campaigns, campaignId, `?status=${status}`)).map(({ line }) => line);
    const statuses = [
      'sent',
      'failed',
      'window-shut',
      'opted-out',
      'duplicate',
      'invalid',
      'pending',
      'not-reached',
    ];
    expect(await Promise.all(statuses.map(page))).toEqual([[1], [2], [3], [4], [5], [6], [], []]);
    expect(await campaigns.recipients(campaignId, '?status=lost')).toMatchObject({
      status: 400,
      json: { errors: [{ path: 'status' }] },
    });
    // Of no form, within a line, and past the end: of the plan's own lines, and of those that it refused.
    for (const query of ['after=1', 'after=', 'status=invalid&after=r0-7']) {
      expect(await campaigns.recipients(campaignId, `?${query}`)).toMatchObject(NO_PAGE);
    }

    const answer = await campaigns.recipients(campaignId, '?status=failed', { accept: 'text/csv' });
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'text/csv' } });
    const [header, row = '', ...rest] = answer.text.split('\n');
    expect(header).toBe('line,to,messageId,status,reason');
    expect(rest).toEqual(['']);
    expect(row).toMatch(new RegExp(`^2,${refused},[^,]+,failed,`));
    for (const cell of row.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/)) expect(cell).not.toMatch(/^"?[=+\-@]/);
    expect(row).toContain('""quoted""');
  });

  it('come in pages, each once, whether they had their turn or not', async () => {
    const crowd = await newCrowd(fleet, 120);
    const campaignId = await ready(campaigns, {
      perMinute: 10,
      file: csv(...crowd.map((to) => `${to},Asha`)),
    });
    await campaigns.start(campaignId);
    await until(
      'the first batches',
      async () => (progressOf(await campaigns.read(campaignId))['sent'] ?? 0) > 0,
    );
    await campaigns.pause(campaignId);
    const found: { to: string; status: string }[] = [];
    let query = '';
    for (;;) {
      const { json } = await campaigns.recipients(campaignId, query);
      found.push(...(json['recipients'] as typeof found));
      if (json['next'] === null) break;
      query = `?after=${String(json['next'])}`;
    }
    expect(found.map(({ to }) => to)).toEqual(crowd);
    const { planId } = (await campaigns.read(campaignId)).json['plan'] as { planId: string };
    for (const place of ['r1-7', 'r1-99999999']) {
      const query = ['recipients', campaignId, planId, undefined];
      const after = await cursorFor(fleet, { token: campaigns.token, place, query });
      expect(await campaigns.recipients(campaignId, `?after=${after}`)).toMatchObject(NO_PAGE);
      expect(await campaigns.recipients(campaignId, `?after=${place}`)).toMatchObject(NO_PAGE);
    }
    const progress = progressOf(await campaigns.read(campaignId));
    expect(found.filter(({ status }) => status === 'pending')).toHaveLength(progress['pending'] ?? 0);
    expect((progress['sent'] ?? 0) + (progress['pending'] ?? 0)).toBe(120);
    const cancelled = progressOf(await campaigns.cancel(campaignId));
    expect(cancelled).toMatchObject({ pending: 0, notReached: progress['pending'] });
    const missed = await recipientsOf(campaigns, campaignId, '?status=not-reached');
    expect(missed.length).toBeGreaterThan(0);
  });
});
