import { describe, expect, it } from 'vitest';
import { LARGEST_BODY, parseBounded } from '../../../src/lib/lipachat/envelope.ts';
import { readAnswer } from '../../../src/lib/lipachat/outcome-of-response.ts';
import { NOW } from '../../support/fakes/samples.ts';

const nested = (levels: number, [open, close] = ['[', ']'], core = '0') =>
  open.repeat(levels) + core + close.repeat(levels);
const keys = (count: number) => `{${Array.from({ length: count }, (_, n) => `"k${n}":0`).join(',')}}`;
const values = (count: number) => `[${Array.from({ length: count }, () => '0').join(',')}]`;

/** Inside an envelope, where a receipt or a reason would keep it. */
const receipt = (extra: string) =>
  `{"timestamp":null,"status":"success","message":"","errors":null,"data":{"waId":"wamid.A","status":"SENT","x":${extra}}}`;
const refusal = (extra: string) =>
  `{"timestamp":null,"status":"error","message":"Request failed.","errors":${extra},"data":null}`;

const OVER: [string, string][] = [
  ['25,000 levels of lists', nested(25_000)],
  ['20,000 levels of lists', nested(20_000)],
  ['10,000 levels of objects', nested(10_000, ['{"a":', '}'])],
  ['33 levels', nested(33)],
  ['levels that are never closed', '['.repeat(30_000)],
  ['levels of lists and objects in turn', nested(100, ['[{"a":', '}]'])],
  ['1,000,000 keys', keys(1_000_000)],
  ['5,000 keys', keys(5_000)],
  ['30,000 values', values(30_000)],
  ['2,000 empty lists', `[${Array.from({ length: 2_000 }, () => '[]').join(',')}]`],
  ['a string of 64 KB', `"${'x'.repeat(64 * 1024)}"`],
  ['a string of 60,000 characters', `"${'x'.repeat(60_000)}"`],
  ['a string of 60,000 escaped quotes', `"${'\\"'.repeat(30_000)}"`],
  ['a key of 60,000 characters', `{"${'k'.repeat(60_000)}":1}`],
];

const UNDER: [string, string][] = [
  ['20 levels', nested(20)],
  ['500 keys', keys(500)],
  ['a string of 40,000 characters', `"${'x'.repeat(40_000)}"`],
  ['a string of 20,000 brackets', `"${'[{'.repeat(10_000)}"`],
  ['a string of 20,000 commas', `"${','.repeat(20_000)}"`],
  ['escaped quotes and backslashes before brackets', `"\\\\\\"${'['.repeat(5_000)}"`],
];

describe('JSON of a stranger', () => {
  it.each(OVER)('is not parsed when it has %s', (_, text) => {
    expect(parseBounded(text)).toEqual({ isOver: true });
  });

  it.each(UNDER)('is parsed when it has %s', (_, text) => {
    expect(parseBounded(text)).toEqual({ isOver: false, value: JSON.parse(text) });
  });

  it('is over when its text is longer than any body', () => {
    expect(parseBounded(' '.repeat(LARGEST_BODY + 1))).toEqual({ isOver: true });
  });

  it.each(['', '{', '"', '"\\', '[1,', '{"a"}', 'x', '"\u0000"', ']'])(
    'is nothing when it is not JSON: %j',
    (text) => {
      expect(parseBounded(text)).toEqual({ isOver: false, value: undefined });
    },
  );
});

describe('a response over the bounds', () => {
  it.each(OVER)('tells no outcome: %s', (_, extra) => {
    for (const [httpStatus, body] of [
      [200, receipt(extra)],
      [200, refusal(extra)],
      [400, refusal(extra)],
      [422, refusal(extra)],
    ] as const) {
      const startedAt = performance.now();
      expect(readAnswer({ httpStatus, body }, NOW).kind).toBe('ambiguous');
      expect(performance.now() - startedAt).toBeLessThan(1_000);
    }
  });

  it.each(OVER)('is still the operator’s trouble under a status that judges nothing: %s', (_, extra) => {
    expect(readAnswer({ httpStatus: 403, body: refusal(extra) }, NOW).kind).toBe('misconfigured');
    expect(readAnswer({ httpStatus: 429, body: refusal(extra) }, NOW).kind).toBe('throttled');
  });

  it.each(UNDER)('is read when it is within them: %s', (_, extra) => {
    expect(readAnswer({ httpStatus: 200, body: receipt(extra) }, NOW).kind).toBe('accepted');
    expect(readAnswer({ httpStatus: 400, body: refusal(extra) }, NOW).kind).toBe('rejected');
  });
});
