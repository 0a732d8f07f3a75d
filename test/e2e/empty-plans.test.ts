/** Plans without a valid recipient, over the built functions: nothing starts, and the campaign says why. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOBODY, planOf, progressOf, recipientsOf } from '../support/campaign-answers.ts';
import { type CampaignCalls, type CampaignFields, campaignCallsOf } from '../support/fleet/campaigns.ts';
import { clock, type Fleet, startFleet } from '../support/fleet/fleet.ts';
import { eventsOf, firsts, pumpQueue, pumpStream, QUICK_QUEUES } from '../support/fleet/lanes.ts';
import { until } from '../support/fleet/wait.ts';

type DirectResponse = { statusCode: number; body: Record<string, unknown> };
type View = { campaignId: string; parent: string | null };

let fleet: Fleet;
let campaigns: CampaignCalls;
let closers: { close: () => Promise<void> }[];
let caughtUp: () => Promise<void>;

beforeAll(async () => {
  const counts = { campaigns: 1, campaignPlanner: 1, campaignTick: 1, contacts: 1, worker: 1, publisher: 1 };
  fleet = await startFleet({ counts, queues: QUICK_QUEUES });
  campaigns = await campaignCallsOf(fleet);
  const stream = pumpStream(fleet);
  caughtUp = stream.caughtUp;
  const planning = { queueName: 'PlanQueue', workers: fleet.workers['campaignPlanner'] ?? [] };
  closers = [stream, pumpQueue(fleet, { queueName: 'CampaignQueue' }), pumpQueue(fleet, planning)];
});
afterAll(async () => {
  await Promise.all(closers.map((one) => one.close()));
  await fleet.stop();
});

const invalid = {
  inline: [
    { to: '12', name: 'Ann' },
    { to: '2.547E+11', name: 'Ben' },
  ],
};
const told = async (campaignId: string) => {
  await caughtUp();
  const events = firsts(await eventsOf(fleet)).filter(({ detail }) => detail['campaignId'] === campaignId);
  return events.map(({ type }) => type);
};

describe('a plan without a valid recipient', () => {
  it.each<[string, CampaignFields, { file?: string; format?: string }, RegExp]>([
    [
      'all rows invalid',
      {},
      { file: 'to,name\n12,Ann\n13,Ben\n' },
      /all 2 rows are invalid.*line 2.*column to/,
    ],
    ['all inline rows invalid', { recipients: invalid }, {}, /all 2 rows are invalid.*line 1.*column to/],
    ['all rows unreadable', {}, { file: 'to,name\n"a"b\n' }, /all 1 rows are invalid.*a quote/],
    ['no row after the header', {}, { file: 'to,name\n' }, /the file has no rows/],
    ['rows of empty cells only', {}, { file: 'to,name\n,\n,\n' }, /the file has no rows/],
    ['no row in JSON Lines', {}, { file: '\n\n', format: 'jsonl' }, /the file has no rows/],
    ['nothing in CSV', {}, { file: '' }, /the file is empty/],
    [
      'a placeholder that no inline recipient has',
      { recipients: { inline: [{ to: '254717746565' }, { to: '254717746566', surname: 'x' }] } },
      {},
      /no recipient has these columns of the message: name/,
    ],
    [
      'a placeholder that no line of JSON has',
      {},
      { file: '{"to":"254717746565","nam":"x"}\n', format: 'jsonl' },
      /no recipient has these columns of the message: name/,
    ],
    [
      'no column to in JSON Lines',
      {},
      { file: '{"phone":"254717746565","name":"x"}\n', format: 'jsonl' },
      /no recipient has these columns of the message: to/,
    ],
    [
      'a later start',
      { recipients: invalid, startAt: new Date(Date.now() + 3_600_000).toISOString() },
      {},
      /all 2 rows/,
    ],
  ])('stops the campaign and says why: %s', async (_, fields, { file, format }, reason) => {
    const order = campaigns.order(fields);
    expect((await campaigns.create(order)).status).toBe(201);
    if (file !== undefined) await campaigns.upload(order.campaignId, file, format);
    for (const query of ['?dryRun=true', '']) {
      const answer = await campaigns.plan(order.campaignId, query);
      expect(answer).toMatchObject({
        status: 200,
        json: { state: 'draft', reason: expect.stringMatching(reason) },
      });
      expect(await campaigns.start(order.campaignId)).toMatchObject({
        status: 409,
        json: { code: 'campaign-state', detail: expect.stringMatching(reason) },
      });
    }
    expect((await campaigns.read(order.campaignId)).json).toMatchObject({ state: 'draft', progress: null });
    expect(await told(order.campaignId)).toEqual([]);
  });

  it('keeps its figures and rejected rows, and is planned again once they are corrected', async () => {
    const order = campaigns.order({ recipients: invalid });
    await campaigns.create(order);
    const answer = await campaigns.plan(order.campaignId);
    expect(planOf(answer)).toMatchObject({ dryRun: false, counts: { ...NOBODY, invalid: 2 } });
    expect(await recipientsOf(campaigns, order.campaignId, '?status=invalid')).toHaveLength(2);
    expect(await recipientsOf(campaigns, order.campaignId)).toEqual([]);
    await campaigns.upload(order.campaignId, `to,name\n${fleet.canaries.number()},Ann\n`);
    expect((await campaigns.plan(order.campaignId)).json).toMatchObject({ state: 'planned', reason: null });
  });

  it('fails a campaign that would start by itself', async () => {
    const worker = fleet.workers['campaigns']?.[0] ?? expect.fail('no process');
    for (const startAt of [undefined, new Date(Date.now() + 3_600_000).toISOString()]) {
      const order = { ...campaigns.order({ recipients: invalid }), ...(startAt ? { startAt } : {}) };
      const { body } = await worker.invoke<DirectResponse>(order);
      expect(body).toMatchObject({ state: 'failed', reason: expect.stringContaining('no valid recipients') });
      expect(body['plan']).toMatchObject({ counts: { total: 0, invalid: 2 } });
      expect(await told(order.campaignId)).toEqual(['campaign.failed']);
    }
  });

  it('fails a run of a schedule, which goes on', async () => {
    const order = campaigns.order({ recipients: invalid, schedule: { expression: 'rate(1 day)' } });
    await campaigns.create(order);
    const { json } = await campaigns.start(order.campaignId);
    const ahead = Date.parse(String(json['nextRunAt'])) - Date.now() + 1_000;
    await (await fleet.spawn('campaignTick', clock({ ahead }))).invoke({});
    const all = (await campaigns.list()).json['campaigns'] as View[];
    const run = all.find(({ parent }) => parent === order.campaignId)?.campaignId ?? expect.fail('no run');
    const failed = await campaigns.whenIs(run, 'failed');
    expect(failed.json).toMatchObject({ reason: expect.stringContaining('no valid recipients') });
    await until('the event', async () => (await told(run)).includes('campaign.failed'));
    expect((await campaigns.read(order.campaignId)).json).toMatchObject({ state: 'scheduled' });
    await campaigns.cancel(order.campaignId);
  });
});

describe('a plan whose recipients have all opted out', () => {
  it('is not empty: it may be started, and each ends as opted-out', async () => {
    const customer = await fleet.newCustomer();
    expect((await fleet.call('PUT', `/v1/opt-outs/${fleet.business}/${customer}`)).status).toBe(204);
    const order = campaigns.order({
      recipients: { inline: [{ to: customer, name: 'Ann' }] },
      perMinute: 4_800,
    });
    await campaigns.create(order);
    expect(planOf(await campaigns.plan(order.campaignId)).counts).toMatchObject({ total: 1, optedOut: 1 });
    expect((await campaigns.start(order.campaignId)).status).toBe(200);
    const done = await until('it to complete', async () => {
      await fleet.workers['campaignTick']?.[0]?.invoke({});
      const answer = await campaigns.read(order.campaignId);
      return answer.json['state'] === 'completed' && answer;
    });
    expect(progressOf(done)).toMatchObject({ total: 1, sent: 0, 'opted-out': 1 });
  });
});
