/** openapi.yaml and the code agree about campaigns, in both directions. */
import { describe, expect, it } from 'vitest';
import type { Campaign, CampaignState } from '../../../src/lib/campaigns/campaign.ts';
import {
  campaignBody,
  parseCampaign,
  parseDryRun,
  parseRecipientsQuery,
  parseUpload,
} from '../../../src/lib/campaigns/contract.ts';
import type { LedgerBatch } from '../../../src/lib/campaigns/ledger.ts';
import type { RecipientStatus } from '../../../src/lib/campaigns/read.ts';
import { campaignView } from '../../../src/lib/campaigns/report.ts';
import {
  campaignResponse,
  createdResponse,
  recipientsResponse,
} from '../../../src/lib/campaigns/responses.ts';
import type { ApiResponse } from '../../../src/lib/http/api.ts';
import { AppError } from '../../../src/lib/platform/errors.ts';
import { CAMPAIGNS } from '../../support/campaign-samples.ts';
import { sampleBatch, samplePlan } from '../../support/fakes/campaign-samples.ts';
import { later, NOW } from '../../support/fakes/samples.ts';
import {
  answered,
  bundled,
  differences,
  document,
  documentedNames,
  faultsOf,
  type Json,
  namesIn,
  operationOf,
  read,
  type Schema,
  schemaOf,
} from '../../support/openapi.ts';

const CREATE = 'POST /v1/campaigns';
const LIST = 'GET /v1/campaigns';
const ONE = 'GET /v1/campaigns/{campaignId}';
const RECIPIENTS = 'GET /v1/campaigns/{campaignId}/recipients';
const UPLOAD = 'POST /v1/campaigns/{campaignId}/recipients';
const PLAN = 'POST /v1/campaigns/{campaignId}/plan';

const ABSENT = Symbol('absent');
const given = (field: string, value: unknown, body: Json): Json => {
  const { [field]: _, ...others } = body;
  return value === ABSENT ? others : { ...others, [field]: value };
};
const isTaken = (take: () => unknown): boolean => {
  try {
    take();
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === 'invalid-request') return false;
    throw error;
  }
};

const OF_EVERY_BODY = ['content-type', 'cache-control', 'x-content-type-options'];

describe('the body of POST /v1/campaigns', () => {
  const content = operationOf(CREATE).requestBody?.content['application/json'];
  const schema = content?.schema ?? {};
  const documented = schema.properties ?? {};
  const inMessage = documented['message'] ?? {};
  const example: Json = JSON.parse(read('examples/campaign.json'));
  const message = example['message'] as Json;
  const template = { name: 'welcome', languageCode: 'en' };
  const notStrings = [null, 5, true, ['x'], { x: 1 }];
  const lengthsOf = (field: Schema | undefined) => {
    const max = field?.maxLength ?? Number.NaN;
    return ['', 'x', 'x'.repeat(max), 'x'.repeat(max + 1), '𝒜'.repeat(max), '𝒜'.repeat(max + 1)];
  };
  const TIMES = [
    ...['2099-01-02T03:04:05Z', '2099-01-02T03:04:05.678+03:00', '2099-01-02T03:04Z', '2099-01-02T03:04:05'],
    ...['2099-01-02T03:04:05.123456789+03:00', '2099-01-02T03:04:05.1234567891+03:00'],
    ...['2099-01-02', 'tomorrow', '', '4070908800000', ...notStrings],
  ];
  const person = { to: '254717746565', name: 'Asha' };
  const campaigns: Record<string, unknown[]> = {
    campaignId: ['a', 'a'.repeat(100), 'a'.repeat(101), '', 'AZaz09._:~-', 'a b', 'a/b', 'é', ...notStrings],
    name: [...lengthsOf(documented['name']), ...notStrings],
    message: [null, 'x', 5, [], {}],
    recipients: [
      ...[
        { inline: [person] },
        { inline: [] },
        { inline: Array(1_000).fill(person) },
        { inline: Array(1_001).fill(person) },
      ],
      ...[
        { inline: [{ ...person, age: 7, vip: true }] },
        { inline: [{ name: null }] },
        { inline: [{ a: {} }] },
        { inline: ['x'] },
        ...['x'.repeat(32_768), 'x'.repeat(32_769)].map((name) => ({ inline: [{ name }] })),
        ...['x'.repeat(256), 'x'.repeat(257)].map((name) => ({ inline: [{ [name]: 1 }] })),
      ],
      ...[
        { inline: [{}] },
        { inline: [person], s3: 's3://bucket/key' },
        { inline: [person], format: 'csv' },
        {},
        null,
        'x',
        [],
      ],
      ...['s3://bucket/a/b.csv', 's3://bu/key', 's3://bucket/', 's3://Bucket/key', 'https://x/y', '']
        .concat([
          `s3://bucket/${'k'.repeat(1_024)}`,
          `s3://bucket/${'k'.repeat(1_025)}`,
          `s3://${'b'.repeat(63)}/${'k'.repeat(1_024)}`,
        ])
        .map((s3) => ({ s3 })),
      ...['csv', 'jsonl', 'xlsx', null].map((format) => ({ s3: 's3://bucket/key', format })),
    ],
    perMinute: [1, 0, 4_800, 4_801, 60.5, '60', null, true],
    startAt: TIMES,
    expiresAt: TIMES,
    schedule: [
      ...[
        { expression: 'rate(1 day)' },
        { expression: 'rate(1 day)', timeZone: 'Africa/Nairobi' },
        { timeZone: 'UTC' },
      ],
      ...[
        { expression: 5 },
        { expression: 'x', timeZone: 5 },
        { expression: 'x', unheardOf: 1 },
        ...lengthsOf(documented['schedule']?.properties?.['expression']).map((expression) => ({
          expression,
        })),
        ...lengthsOf(documented['schedule']?.properties?.['timeZone']).map((timeZone) => ({
          ...{ expression: 'x', timeZone },
        })),
        null,
        'rate(1 day)',
        [],
      ],
    ],
    unheardOf: [1, null],
  };
  const messages: Record<string, unknown[]> = {
    from: ['254717746565', '+254 717-746 565', '', 'x', ...notStrings],
    text: [...lengthsOf(inMessage.properties?.['text']), ...notStrings],
    flowId: [...lengthsOf(inMessage.properties?.['flowId']), ...notStrings],
    flowCta: [...lengthsOf(inMessage.properties?.['flowCta']), ...notStrings],
    screen: [...lengthsOf(inMessage.properties?.['screen']), ...notStrings],
    data: [{}, { a: ['{{name}}'] }, null, 'x', []],
    whenClosed: ['reject', 'park', 'template', 'Park', null],
    template: [template, { name: 'x' }, null, 'x', { ...template, placeholders: ['{{name}}'] }],
    parkForSeconds: [60, 59, 2_592_000, 2_592_001, '60', null],
    correlate: [true, false, null, 'true'],
    messageId: ['a'],
    to: ['254717746565'],
  };
  const schemaTakes = (body: unknown) => faultsOf(schema, body).length === 0;
  const codeTakes = (body: unknown) => isTaken(() => parseCampaign(body, '254110090747'));
  const agree = (bodies: Json[]) => {
    const verdicts = (take: (body: unknown) => boolean) => bodies.map((body) => [body, take(body)]);
    expect(verdicts(schemaTakes)).toEqual(verdicts(codeTakes));
    expect(bodies.map(codeTakes)).toContain(false);
  };

  it('has the fields that the code accepts, and no others', () => {
    const { shape } = campaignBody;
    expect(Object.keys(documented).sort()).toEqual(Object.keys(shape).sort());
    expect(Object.keys(campaigns)).toEqual(expect.arrayContaining(Object.keys(shape)));
    const fields = Object.keys(shape.message.shape).sort();
    expect(Object.keys(inMessage.properties ?? {}).sort()).toEqual(fields);
    expect(Object.keys(messages)).toEqual(expect.arrayContaining(fields));
  });

  it.each(Object.entries(campaigns))(
    'agrees with the code on %s, at the limits and beyond',
    (field, values) => {
      const plain = given('recipients', ABSENT, example);
      const bodies = [plain, { ...plain, schedule: { expression: 'rate(1 day)' } }];
      agree(bodies.flatMap((body) => [ABSENT, ...values].map((value) => given(field, value, body))));
    },
  );

  it.each(Object.entries(messages))('agrees with the code on message.%s', (field, values) => {
    const { parkForSeconds: _, whenClosed: __, ...plain } = message;
    const ways = [plain, { ...plain, whenClosed: 'park' }, { ...plain, whenClosed: 'template', template }];
    const all = ways.flatMap((way) => [ABSENT, ...values].map((value) => given(field, value, way)));
    agree(all.map((one) => ({ ...example, message: one })));
  });

  it('has the defaults of the code', () => {
    const { definition } = parseCampaign(given('perMinute', ABSENT, example), undefined);
    expect(definition.perMinute).toBe(documented['perMinute']?.default);
    const { whenClosed: _, data: __, parkForSeconds: ___, ...bare } = message;
    const { message: made } = parseCampaign({ ...example, message: bare }, undefined).definition;
    const defaults = inMessage.properties ?? {};
    expect([made.whenClosed, made.data]).toEqual([
      defaults['whenClosed']?.default,
      defaults['data']?.default,
    ]);
  });

  it('has the example of examples/, and only examples that the code accepts', () => {
    expect(content?.examples['campaign']?.value).toEqual(example);
    for (const { value } of Object.values(content?.examples ?? {})) expect(codeTakes(value)).toBe(true);
  });
});

describe('the other inputs in openapi.yaml', () => {
  it('list the formats, statuses and dry-run values of the code', () => {
    const upload = operationOf(UPLOAD).requestBody?.content['application/json']?.schema ?? {};
    for (const body of [{}, { format: 'csv' }, { format: 'jsonl' }, { format: 'xls' }, { a: 1 }, 'x', null]) {
      expect([body, faultsOf(upload, body).length === 0]).toEqual([body, isTaken(() => parseUpload(body))]);
    }
    // Fails to compile when a status is missing here or no longer exists.
    const STATUSES: Record<RecipientStatus, true> = {
      ...{
        sent: true,
        parked: true,
        queued: true,
        unknown: true,
        failed: true,
        'opted-out': true,
        'window-shut': true,
      },
      ...{ pending: true, 'not-reached': true, invalid: true, duplicate: true },
    };
    const words = Object.keys(STATUSES);
    expect(bundled(document.components.schemas['RecipientStatus'])?.enum).toEqual(words);
    for (const status of words) expect(isTaken(() => parseRecipientsQuery({ status }))).toBe(true);
    for (const dryRun of ['true', 'false']) expect(parseDryRun({ dryRun })).toBe(dryRun === 'true');
    expect(isTaken(() => parseDryRun({ dryRun: 'yes' }))).toBe(false);
  });

  it('list the states of the code', () => {
    // Fails to compile in the same way.
    const STATES: Record<CampaignState, true> = {
      ...{ draft: true, planning: true, planned: true, scheduled: true, running: true, paused: true },
      ...{ completed: true, cancelled: true, expired: true, failed: true },
    };
    expect(document.components.schemas['CampaignState']?.enum).toEqual(Object.keys(STATES));
    expect(Object.keys(CAMPAIGNS)).toEqual(Object.keys(STATES));
    expect(Object.values(CAMPAIGNS).map(({ state }) => state)).toEqual(Object.keys(STATES));
  });
});

describe('the responses of the code conform', () => {
  const rejected = [{ line: 2, kind: 'invalid', reason: 'column to is not a valid phone number' }] as const;
  const rich: Campaign = {
    ...(CAMPAIGNS['running'] as Campaign),
    plan: samplePlan(10, {
      possibleDuplicates: { count: 1, sample: [{ line: 4, earlierLine: 2 }] },
      rejected,
      price: { currency: 'USD', amount: 0.5, asOf: '2026-10-01', notes: ['A note.'] },
    }),
    cursor: { row: 3, offset: 120, batch: 1 },
    schedule: { expression: 'rate(1 day)' },
    planning: { planId: 'p', dryRun: false, since: NOW, rows: 5, tries: 1 },
    ...{ startAt: NOW, expiresAt: later(600), nextRunAt: later(60), share: 30.5 },
  };
  const open: LedgerBatch = sampleBatch({
    pending: [2],
    counts: { ...sampleBatch().counts, sent: 1, failed: 1 },
    outcomes: { 1: { outcome: 'failed', reason: '131026 Message undeliverable' } },
  });
  const views = [...Object.values(CAMPAIGNS), rich].map((one) =>
    campaignView(one, one === rich ? [open] : [], NOW),
  );

  const conform = async (routeKey: string, answers: ApiResponse[]) => {
    const rendered = await Promise.all(answers.map((answer) => answered(routeKey, () => answer)));
    expect(rendered.flatMap((answer) => differences(routeKey, answer))).toEqual([]);
    return rendered.map(({ body }) => JSON.parse(body ?? '') as Json);
  };

  it('for a reader of campaigns in every state, and show every documented property', async () => {
    const bodies = await conform(
      ONE,
      views.map((body) => ({ status: 200, body })),
    );
    expect(namesIn(bodies)).toEqual(expect.arrayContaining(documentedNames(schemaOf(ONE, 200))));
    await conform(LIST, [
      { status: 200, body: { campaigns: views, next: null } },
      { status: 200, body: { campaigns: [], next: 'x' } },
    ]);
  });

  it.each(['plan', 'start', 'pause', 'resume', 'cancel'])(
    'for a caller who asks to %s a campaign',
    async (verb) => {
      await conform(
        `POST /v1/campaigns/{campaignId}/${verb}`,
        views.filter(({ state }) => state !== 'planning').map(campaignResponse),
      );
    },
  );

  it('for a caller who creates a campaign, repeats the request, and plans a large one', async () => {
    await conform(
      CREATE,
      views.flatMap((view) => [true, false].map((fresh) => createdResponse(view, fresh))),
    );
    await conform(PLAN, views.filter(({ state }) => state === 'planning').map(campaignResponse));
  });

  it('for a caller who uploads recipients and reads them', async () => {
    const link = {
      method: 'PUT',
      url: 'https://bucket.example/key?X=1',
      format: 'csv',
      expiresAt: later(60).toISOString(),
    };
    await conform(UPLOAD, [{ status: 201, body: link }]);
    const one = { line: 2, to: '254717746565', messageId: 'm-1', status: 'failed', reason: '=1' } as const;
    const pages = [
      { items: [one, { ...one, status: 'sent', reason: null } as const], next: 'b1' },
      { items: [...rejected], next: null },
    ];
    const bodies = await conform(
      RECIPIENTS,
      pages.map((page) => recipientsResponse(page, {})),
    );
    expect(namesIn(bodies)).toEqual(
      expect.arrayContaining(['recipients', 'next', 'recipients.messageId', 'recipients.kind']),
    );
    const csv = operationOf(RECIPIENTS).responses['200'];
    for (const page of pages) {
      const { headers = {} } = await answered(RECIPIENTS, () =>
        recipientsResponse(page, { accept: 'text/csv' }),
      );
      expect(csv?.content?.[String(headers['content-type'])]).toBeDefined();
      const described = Object.keys(csv?.headers ?? {});
      expect(
        Object.keys(headers).filter((name) => !OF_EVERY_BODY.includes(name) && !described.includes(name)),
      ).toEqual([]);
    }
  });
});
