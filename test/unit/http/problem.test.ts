import { describe, expect, it } from 'vitest';
import { problemOf } from '../../../src/lib/http/problem.ts';
import { AppError, type ErrorCode } from '../../../src/lib/platform/errors.ts';

/** Contract §2, "Problems". A missing code fails to compile. */
const statuses: Record<ErrorCode, number> = {
  'invalid-request': 400,
  forbidden: 403,
  'not-found': 404,
  'not-acceptable': 406,
  'send-in-progress': 409,
  'session-closed': 409,
  'payload-too-large': 413,
  'message-id-reused': 422,
  'recipient-opted-out': 422,
  'gateway-rejected': 422,
  'gateway-credentials': 503,
  'gateway-misconfigured': 503,
  'gateway-throttled': 503,
  'gateway-unavailable': 503,
  'store-unavailable': 503,
  'campaign-id-reused': 422,
  'campaign-state': 409,
  internal: 500,
};

const all = Object.entries(statuses) as [ErrorCode, number][];

describe('a problem', () => {
  it.each(all)('with code %s has status %i and all of its members', (code, status) => {
    const { problem } = problemOf(new AppError(code, 'What happened.'), 'c-1');
    expect(problem).toEqual({
      type: expect.stringContaining(code),
      title: expect.stringMatching(/^\S.*\S$/),
      status,
      code,
      detail: 'What happened.',
      correlationId: 'c-1',
    });
  });

  it('for an invalid request lists the faults, and no other problem has a list', () => {
    const errors = [{ path: 'to', message: 'is required' }];
    expect(problemOf(new AppError('invalid-request', 'x', { errors }), 'c').problem.errors).toEqual(errors);
    expect(problemOf(new AppError('not-found', 'x'), 'c').problem).not.toHaveProperty('errors');
  });

  it.each([
    'send-in-progress',
    'gateway-credentials',
    'gateway-misconfigured',
    'gateway-throttled',
    'gateway-unavailable',
    'store-unavailable',
  ] as const)('with code %s has a Retry-After', (code) => {
    expect(problemOf(new AppError(code, 'x', { retryAfter: 7 }), 'c').headers).toEqual({
      'retry-after': '7',
    });
  });

  it('never has a Retry-After of zero', () => {
    const { headers } = problemOf(new AppError('send-in-progress', 'x', { retryAfter: 0 }), 'c');
    expect(headers).toEqual({ 'retry-after': '1' });
  });

  it('has a Retry-After in whole seconds', () => {
    const { headers } = problemOf(new AppError('gateway-throttled', 'x', { retryAfter: 30 }), 'c');
    expect(headers['retry-after']).toMatch(/^\d+$/);
  });

  it('has no Retry-After when the time is unknown', () => {
    expect(problemOf(new AppError('session-closed', 'x'), 'c').headers).toEqual({});
  });

  it('that is replayed says so, and keeps the correlation id of the first response', () => {
    const replay = new AppError('gateway-rejected', 'Request failed.', { replayOf: 'c-first' });
    const { problem, headers } = problemOf(replay, 'c-second');
    expect(headers).toEqual({ 'idempotent-replayed': 'true' });
    const first = problemOf(new AppError('gateway-rejected', 'Request failed.'), 'c-first');
    expect(JSON.stringify(problem)).toBe(JSON.stringify(first.problem));
    expect(first.headers).toEqual({});
  });
});

describe('an unexpected error', () => {
  const faults: readonly [string, unknown][] = [
    ['an error', new TypeError("Cannot read properties of undefined (reading 'pk') 254717746565")],
    [
      'an error with a status of its own',
      Object.assign(new Error('nope'), { statusCode: 418, expose: true }),
    ],
    [
      'an AWS error',
      Object.assign(new Error('Table lipaflow not found'), { name: 'ResourceNotFoundException' }),
    ],
    ['text', 'wamid.254717746565'],
    ['nothing', undefined],
    ['an object that only looks like ours', { name: 'AppError', code: 'not-found', detail: '254717746565' }],
  ];

  it.each(faults)('becomes an internal problem and reveals nothing of itself: %s', (_, fault) => {
    const { problem, headers } = problemOf(fault, 'c-1');
    expect(problem).toMatchObject({ status: 500, code: 'internal', correlationId: 'c-1' });
    expect(headers).toEqual({});
    expect(JSON.stringify(problem)).not.toMatch(
      /254717746565|undefined|lipaflow not|nope|TypeError|Resource|stack/,
    );
  });

  it('is not revealed when it is the cause of an expected one', () => {
    const cause = new Error('connect ECONNREFUSED 10.0.0.7:443 254717746565');
    const { problem } = problemOf(new AppError('store-unavailable', 'Try again.', { cause }), 'c');
    expect(JSON.stringify(problem)).not.toMatch(/ECONNREFUSED|254717746565/);
  });
});
