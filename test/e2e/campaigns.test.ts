import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isReplay } from '../support/fleet/answer.ts';
import { type CampaignCalls, campaignCallsOf, ready } from '../support/fleet/campaigns.ts';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';

let fleet: Fleet;
let campaigns: CampaignCalls;

beforeAll(async () => {
  fleet = await startFleet({ counts: { campaigns: 2 } });
  campaigns = await campaignCallsOf(fleet);
});
afterAll(() => fleet.stop());

const someone = () => ({ to: fleet.canaries.number(), name: 'Asha' });
const inline = (count = 1) => ({ inline: Array.from({ length: count }, someone) });
const later = (ms: number) => new Date(Date.now() + ms).toISOString();
const pathsOf = (errors: { path: string }[] | undefined) => errors?.map(({ path }) => path).toSorted();

describe('creating a campaign', () => {
  it('answers 201 with the draft and where it is', async () => {
    const order = campaigns.order({ recipients: inline(3), perMinute: 120, expiresAt: later(3_600_000) });
    const answer = await campaigns.create(order);
    expect(answer).toMatchObject({
      status: 201,
      headers: { location: `/v1/campaigns/${order.campaignId}` },
      json: {
        campaignId: order.campaignId,
        name: order.name,
        state: 'draft',
        reason: null,
        from: fleet.business,
        whenClosed: 'reject',
        perMinute: 120,
        recipients: { given: 'inline', format: 'jsonl' },
        expiresAt: order.expiresAt,
        plan: null,
        progress: null,
      },
    });
    expect(isReplay(answer)).toBe(false);
    expect((await campaigns.read(order.campaignId)).json).toEqual(answer.json);
  });

  it('is done once: a repeat of the same definition, its keys in any order, is a replay', async () => {
    const order = campaigns.order({ recipients: inline() });
    const first = await campaigns.create(order);
    const turned = Object.fromEntries(Object.entries(order).toReversed());
    const again = await campaigns.create({ ...turned, perMinute: 60 });
    expect(again.status).toBe(201);
    expect(isReplay(again)).toBe(true);
    expect(again.json).toEqual(first.json);
  });

  it('has one winner, however many create it at once', async () => {
    const order = campaigns.order({ recipients: inline() });
    const answers = await Promise.all(Array.from({ length: 8 }, () => campaigns.create(order)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    expect(answers.filter((answer) => !isReplay(answer))).toHaveLength(1);
  });

  it('finds what has become of it: a replay shows the campaign as it stands now', async () => {
    const order = campaigns.order({ recipients: inline() });
    await campaigns.create(order);
    await campaigns.cancel(order.campaignId);
    const again = await campaigns.create(order);
    expect(again).toMatchObject({ status: 201, json: { state: 'cancelled' } });
  });

  it.each<[string, object]>([
    ['name', { name: 'Another' }],
    ['pace', { perMinute: 61 }],
    ['text', { message: { text: 'another' } }],
    ['recipients', { recipients: { s3: 's3://another-bucket/a.csv' } }],
  ])('refuses another definition under the same id: another %s', async (_what, other) => {
    const order = campaigns.order({ recipients: inline() });
    const first = await campaigns.create(order);
    const changed = {
      ...order,
      ...other,
      message: { ...order.message, ...('message' in other ? Object(other.message) : {}) },
    };
    expect(await campaigns.create(changed)).toMatchObject({
      status: 422,
      json: { code: 'campaign-id-reused' },
    });
    expect((await campaigns.read(order.campaignId)).json).toEqual(first.json);
  });

  it('names every field that is wrong, at once', async () => {
    const answer = await campaigns.create({
      campaignId: 'with blanks',
      message: {
        from: '12',
        text: '',
        flowId: 'x'.repeat(65),
        flowCta: 'go 🚀',
        data: [],
        messageId: 'm',
        whenClosed: 'wait',
      },
      recipients: { inline: [{ to: fleet.customer, name: {} }] },
      perMinute: 4_801,
      startAt: 'tomorrow',
      expiresAt: '2026-13-01T00:00:00Z',
      colour: 'red',
    });
    expect(answer).toMatchObject({ status: 400, json: { code: 'invalid-request' } });
    const paths = pathsOf(answer.json.errors);
    expect(paths).toEqual([
      ...[
        'campaignId',
        'colour',
        'expiresAt',
        'message.data',
        'message.flowCta',
        'message.flowId',
        'message.from',
      ],
      ...['message.messageId', 'message.screen', 'message.text', 'message.whenClosed', 'name', 'perMinute'],
      ...['recipients', 'startAt'],
    ]);
    expect(answer.text).not.toContain(fleet.customer);
  });

  it.each<[string, object, string[]]>([
    ['no recipient at all', { recipients: { inline: [] } }, ['recipients']],
    [
      'more than 1,000 of them',
      { recipients: { inline: Array(1_001).fill({ to: '254700000000' }) } },
      ['recipients'],
    ],
    ['an address that is none of S3', { recipients: { s3: 'https://example.com/a.csv' } }, ['recipients']],
    ['a startAt in the past', { startAt: '2020-01-01T00:00:00Z' }, ['startAt']],
    ['an expiresAt in the past', { expiresAt: '2020-01-01T00:00:00Z' }, ['expiresAt']],
    [
      'an end before its start',
      { startAt: '2099-01-02T00:00:00Z', expiresAt: '2099-01-01T00:00:00Z' },
      ['expiresAt'],
    ],
    [
      'a time and a schedule',
      { startAt: '2099-01-01T00:00:00Z', schedule: { expression: 'rate(1 day)' } },
      ['startAt'],
    ],
    ['a pace of nothing', { perMinute: 0 }, ['perMinute']],
    ['a template that is missing', { message: { whenClosed: 'template' } }, ['message.template']],
  ])('refuses %s, by field', async (_what, fields, paths) => {
    const order = campaigns.order();
    const body = {
      ...order,
      ...fields,
      message: { ...order.message, ...('message' in fields ? Object(fields.message) : {}) },
    };
    const answer = await campaigns.create(body);
    expect(answer).toMatchObject({ status: 400, json: { code: 'invalid-request' } });
    expect([
      ...new Set(
        pathsOf(answer.json.errors)?.map((path) => (path.startsWith('recipients') ? 'recipients' : path)),
      ),
    ]).toEqual(paths);
    expect(await campaigns.read(order.campaignId)).toMatchObject({ status: 404 });
  });
});

describe('who may', () => {
  it.each([
    ['POST', ''],
    ['GET', ''],
    ['GET', '/some'],
    ['POST', '/some/plan'],
    ['POST', '/some/cancel'],
    ['GET', '/some/recipients'],
  ])('%s /v1/campaigns%s needs a token with the scope campaigns', async (method, path) => {
    expect(await fleet.call(method, `/v1/campaigns${path}`, { token: null })).toMatchObject({ status: 401 });
    expect(await fleet.call(method, `/v1/campaigns${path}`)).toMatchObject({ status: 403 });
  });

  it("another client's campaign is not there, by no route, and nothing of it is shown", async () => {
    const other = await campaignCallsOf(fleet);
    const campaignId = await ready(campaigns, { recipients: inline() });
    const before = (await campaigns.read(campaignId)).json;
    const answers = await Promise.all([
      other.read(campaignId),
      other.recipients(campaignId),
      ...[other.plan, other.start, other.pause, other.resume, other.cancel].map((act) => act(campaignId)),
      other.upload(campaignId, 'to\n'),
    ]);
    for (const answer of answers) expect(answer).toMatchObject({ status: 404, json: { code: 'not-found' } });
    expect((await campaigns.read(campaignId)).json).toEqual(before);
    expect((await other.list()).json['campaigns']).toEqual([]);
    expect(await other.create(campaigns.order({ campaignId }))).toMatchObject({ status: 422 });
  });

  it('an administrator sees the campaigns of all', async () => {
    const campaignId = await ready(campaigns, { recipients: inline() });
    const token = await fleet.newClient(['campaigns', 'admin']);
    expect(await fleet.call('GET', `/v1/campaigns/${campaignId}`, { token })).toMatchObject({ status: 200 });
  });

  it('what never was a campaign is not found, and an id that can be none is refused', async () => {
    expect(await campaigns.read(randomUUID())).toMatchObject({ status: 404, json: { code: 'not-found' } });
    expect(await campaigns.read('with%20blanks')).toMatchObject({ status: 400 });
  });
});

describe('the list', () => {
  it('has the newest first, in pages that together have each once', async () => {
    const mine = await campaignCallsOf(fleet);
    const ids: string[] = [];
    for (let n = 0; n < 4; n += 1) {
      const order = mine.order();
      ids.unshift(order.campaignId);
      await mine.create(order);
    }
    const found: string[] = [];
    let query = '';
    for (;;) {
      const { json } = await mine.list(query);
      found.push(...(json['campaigns'] as { campaignId: string }[]).map((one) => one.campaignId));
      if (json['next'] === null) break;
      query = `?after=${encodeURIComponent(String(json['next']))}`;
    }
    expect(found).toEqual(ids);
  });

  it('gives a stranger without campaigns nothing: no page has a `next`, and no cursor of another client opens', async () => {
    const mine = await campaignCallsOf(fleet);
    for (let n = 0; n < 26; n += 1) await mine.create(mine.order());
    const { json } = await mine.list();
    expect((json['campaigns'] as unknown[]).length).toBe(25);
    const stranger = await campaignCallsOf(fleet);
    expect((await stranger.list()).json).toEqual({ campaigns: [], next: null });
    const query = `?after=${String(json['next'])}`;
    expect(await stranger.list(query)).toMatchObject({ status: 400, json: { errors: [{ path: 'after' }] } });
    expect((await mine.list(query)).json).toMatchObject({ campaigns: [{}], next: null });
  });

  it.each(['', 'x', '2026-01-02', `000001767322645678#${'x'.repeat(101)}`])(
    'refuses an `after` that no page has given: %j',
    async (after) => {
      const answer = await campaigns.list(`?after=${encodeURIComponent(after)}`);
      expect(answer).toMatchObject({ status: 400, json: { errors: [{ path: 'after' }] } });
    },
  );
});

/** The state, what was asked, and what the answer says that can be done. */
describe('an order that does not fit the state', () => {
  const made = {
    draft: async () => {
      const order = campaigns.order();
      await campaigns.create(order);
      return order.campaignId;
    },
    planned: () => ready(campaigns, { recipients: inline() }),
    scheduled: async () => {
      const campaignId = await ready(campaigns, { recipients: inline(), startAt: later(3_600_000) });
      expect((await campaigns.start(campaignId)).json).toMatchObject({ state: 'scheduled' });
      return campaignId;
    },
    cancelled: async () => {
      const campaignId = await ready(campaigns, { recipients: inline() });
      expect((await campaigns.cancel(campaignId)).json).toMatchObject({ state: 'cancelled' });
      return campaignId;
    },
  } satisfies Record<string, () => Promise<string>>;

  it.each<[keyof typeof made, 'start' | 'pause' | 'resume' | 'plan', RegExp]>([
    ['draft', 'start', /Plan it first/],
    ['draft', 'pause', /Plan it first/],
    ['draft', 'resume', /Plan it first/],
    ['planned', 'pause', /You can start it/],
    ['planned', 'resume', /You can start it/],
    ['scheduled', 'plan', /You can cancel it/],
    ['scheduled', 'resume', /You can cancel it/],
    ['cancelled', 'start', /This state is final/],
    ['cancelled', 'resume', /This state is final/],
    ['cancelled', 'plan', /This state is final/],
    ['cancelled', 'pause', /This state is final/],
  ])('%s: %s is a 409 that says what can be done', async (state, verb, next) => {
    const campaignId = await made[state]();
    const answer = await campaigns[verb](campaignId);
    expect(answer).toMatchObject({ status: 409, json: { code: 'campaign-state' } });
    expect(answer.json.detail).toMatch(new RegExp(`${state}.*${next.source}`));
    expect((await campaigns.read(campaignId)).json).toMatchObject({ state });
  });

  it('a scheduled one starts once, and a cancelled one is cancelled: repeats change nothing', async () => {
    const scheduled = await made.scheduled();
    const first = await campaigns.start(scheduled);
    expect(first).toMatchObject({ status: 200, json: { state: 'scheduled' } });
    const cancelled = await campaigns.cancel(scheduled);
    expect(await campaigns.cancel(scheduled)).toMatchObject({ status: 200, json: cancelled.json });
  });
});
