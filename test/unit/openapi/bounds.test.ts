/** No string of a request is unbounded, in openapi.yaml or in the code, and no refusal is longer than it helps. */
import { describe, expect, it } from 'vitest';
import { parseCampaign, parseUpload } from '../../../src/lib/campaigns/contract.ts';
import { parsePair } from '../../../src/lib/http/schema.ts';
import {
  AppError,
  type FieldError,
  invalidRequest,
  LISTED_FAULTS,
  SHOWN_PATH,
} from '../../../src/lib/platform/errors.ts';
import { parseFlow } from '../../../src/lib/sending/contract.ts';
import { faultsOf, type Json, operations, type Schema, schemaOf } from '../../support/openapi.ts';

const HUGE = 'a'.repeat(250_000);

const flow = {
  messageId: 'm-1',
  to: '254717746565',
  text: 'Hi',
  flowId: '1',
  flowCta: 'Go',
  screen: 'START',
};
const { messageId: _, to: __, ...message } = flow;
const header = (fields: object) => ({
  whenClosed: 'template',
  template: { name: 'hello', languageCode: 'en', placeholders: ['x'], header: fields },
});
const TEXT = header({ type: 'TEXT', parameter: 'x' });
const IMAGE = header({ type: 'IMAGE', mediaUrl: 'https://example.com/a.png', filename: 'a.png' });
const campaign = { campaignId: 'c-1', name: 'A', message: { ...message, from: '254110090747' } };
const inline = { inline: [{ to: '254717746565', name: 'Asha' }] };
const planned = { ...campaign, startAt: '2099-01-02T03:04:05Z', expiresAt: '2099-01-03T03:04:05Z' };

/** The parser of each body, and bodies that have all of its strings. */
const bodies: Record<string, { take: (body: unknown) => unknown; samples: Json[] }> = {
  'POST /v1/flows': {
    take: (body) => parseFlow(body, '254110090747'),
    samples: [TEXT, IMAGE].map((way) => ({ ...flow, from: '254110090747', ...way })),
  },
  'POST /v1/campaigns': {
    take: (body) => parseCampaign(body, '254110090747'),
    samples: [
      { ...planned, recipients: inline, message: { ...campaign.message, ...TEXT } },
      {
        ...planned,
        recipients: { s3: 's3://bucket/key', format: 'csv' },
        message: { ...campaign.message, ...IMAGE },
      },
      { ...campaign, schedule: { expression: 'rate(1 day)', timeZone: 'UTC' } },
    ],
  },
  'POST /v1/campaigns/{campaignId}/recipients': { take: parseUpload, samples: [{ format: 'csv' }] },
};

/** The places of strings; of an array, its first element. */
function* stringsIn(value: unknown, path: readonly string[] = []): Iterable<readonly string[]> {
  if (typeof value === 'string') yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) yield* stringsIn(inner, [...path, key]);
}

const replaced = (value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown => {
  if (key === undefined) return by;
  const inner = replaced((value as Json)[key], rest, by);
  if (Array.isArray(value)) return value.map((one, n) => (String(n) === key ? inner : one));
  return { ...(value as Json), [key]: inner };
};

/** Strings of a schema that nothing bounds, by path. */
function* unbounded(schema: Schema, path: string): Iterable<string> {
  const { properties = {}, items, additionalProperties, oneOf = [], type } = schema;
  const pattern = String(schema['pattern'] ?? '*').replaceAll(/\[(?:\\.|[^\]\\])*\]|\\./g, 'x');
  const isBound =
    schema.maxLength !== undefined || schema.enum || schema.const || !/[*+]|\{\d+,\}/.test(pattern);
  if ([type].flat().includes('string') && !isBound) yield path;
  for (const [name, inner] of Object.entries(properties)) yield* unbounded(inner, `${path}.${name}`);
  if (items) yield* unbounded(items, `${path}.[]`);
  for (const one of oneOf) yield* unbounded(one, path);
  if (typeof additionalProperties === 'object') yield* unbounded(additionalProperties as Schema, `${path}.*`);
}

const errorsOf = (take: () => unknown): readonly FieldError[] => {
  try {
    take();
    return [];
  } catch (fault) {
    if (fault instanceof AppError && fault.code === 'invalid-request') return fault.errors ?? [];
    throw fault;
  }
};

/** Of every operation that takes a body, except the callbacks of LipaChat. */
const withBody = [...operations].filter(
  ([key, { requestBody }]) => requestBody && !key.includes('/webhooks/'),
);

describe('the strings of request bodies', () => {
  it('are listed here for every operation with a body', () => {
    expect(Object.keys(bodies).sort()).toEqual(withBody.map(([key]) => key).sort());
  });

  it.each(withBody)('are bounded in openapi.yaml: %s', (_key, { requestBody }) => {
    const schema = requestBody?.content['application/json']?.schema ?? {};
    expect([...unbounded(schema, '')]).toEqual([]);
  });

  it.each(Object.entries(bodies))('are bounded in the code: %s', (key, { take, samples }) => {
    for (const sample of samples) {
      expect(errorsOf(() => take(sample))).toEqual([]);
      for (const path of stringsIn(sample)) {
        const body = replaced(sample, path, HUGE);
        const errors = errorsOf(() => take(body));
        expect([key, path, errors.length > 0]).toEqual([key, path, true]);
        expect(JSON.stringify(errors).length).toBeLessThan(2_000);
      }
    }
  });

  it('are bounded in paths too', () => {
    expect(errorsOf(() => parsePair({ from: `1${' '.repeat(1_000)}`, to: HUGE }))).toHaveLength(2);
  });
});

describe('a refusal', () => {
  const unknown = Object.fromEntries(Array.from({ length: 20_000 }, (_k, n) => [`field${n}`, 1]));

  it('of 252 KB of unknown fields is short, lists the first 100, and says how many more there are', () => {
    expect(JSON.stringify(unknown).length).toBeGreaterThan(252_000);
    const errors = errorsOf(() => parseFlow({ ...flow, from: '254110090747', ...unknown }, undefined));
    expect(errors).toHaveLength(LISTED_FAULTS + 1);
    expect(errors[0]).toEqual({ path: 'field0', message: 'is not a known field' });
    expect(errors.at(-1)).toEqual({ path: '', message: '19900 more faults are not listed' });
    expect(JSON.stringify(errors).length).toBeLessThan(10_000);
  });

  it.each<[string, unknown]>([
    ['one long unknown field', { ...campaign, [HUGE]: 1 }],
    ['an unknown field in the message', { ...campaign, message: { ...campaign.message, [`${HUGE}😀`]: 1 } }],
    [
      'a thousand bad rows',
      { ...campaign, recipients: { inline: Array(1_000).fill({ [HUGE.slice(0, 250)]: [] }) } },
    ],
    [
      'a row of bad cells',
      {
        ...campaign,
        recipients: { inline: [Object.fromEntries(Array.from({ length: 30_000 }, (_k, n) => [n, {}]))] },
      },
    ],
    ['a row with a long name', { ...campaign, recipients: { inline: [{ [HUGE]: 'x' }] } }],
    [
      'a long name in data',
      { ...campaign, message: { ...campaign.message, data: { [HUGE]: Number.POSITIVE_INFINITY } } },
    ],
  ])('is short for %s', (_name, body) => {
    const errors = errorsOf(() => parseCampaign(body, undefined));
    expect(errors.length).toBeGreaterThan(0);
    expect(JSON.stringify(errors).length).toBeLessThan(40_000);
    for (const { path } of errors) expect(path.length).toBeLessThanOrEqual(SHOWN_PATH);
  });

  it('conforms to openapi.yaml when it is cut', () => {
    const faults = Array.from({ length: 5_000 }, () => ({ path: HUGE, message: 'is not a known field' }));
    const { errors } = invalidRequest(faults);
    const { errors: schema } =
      schemaOf('POST /v1/flows', 400, 'application/problem+json').allOf?.find(
        ({ properties }) => properties?.['errors'],
      )?.properties ??
      schemaOf('POST /v1/flows', 400, 'application/problem+json').properties ??
      {};
    expect(faultsOf(schema ?? {}, errors)).toEqual([]);
    expect(faultsOf(schema ?? {}, [...(errors ?? []), { path: '', message: 'x' }])).not.toEqual([]);
  });
});
