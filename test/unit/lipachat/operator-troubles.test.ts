/**
 * Which refusals judge the message, and which are the operator's. The rule: a refusal is final only in LipaChat's own
 * envelope, under a status that judges a message, and without a phrase about keys, permission, balance, pace or service.
 */
import { describe, expect, it } from 'vitest';
import { readAnswer } from '../../../src/lib/lipachat/outcome-of-response.ts';
import type { Outcome } from '../../../src/lib/messages/outcome.ts';
import { NOW } from '../../support/fakes/samples.ts';

const read = (httpStatus: number, body: unknown, retryAfter?: string): Outcome =>
  readAnswer({ httpStatus, retryAfter, body: typeof body === 'string' ? body : JSON.stringify(body) }, NOW);

const error = (message: string, errors: unknown = null) => ({
  timestamp: '2026-11-27T10:00:00.1',
  data: null,
  status: 'error',
  message,
  errors,
});
const success = (message: string) => ({ ...error(message), status: 'success' });
const page = (status: number, reason: string) => ({
  timestamp: '2026-11-27T10:00:00.000+00:00',
  status,
  error: reason,
  path: '/api/v1/x',
});
const HTML = '<html><title>blocked</title><body>Access denied. You are unauthorized.</body></html>';

describe('a response that does not come from LipaChat', () => {
  const OPERATORS = [
    400, 402, 403, 404, 405, 406, 407, 409, 410, 413, 414, 415, 418, 421, 422, 423, 424, 425,
  ];
  it.each([...OPERATORS, 426, 428, 431, 451, 499])('with %i is the operator’s trouble', (status) => {
    for (const body of [HTML, '', 'null', '[]', page(status, 'Not Found'), { ok: false }]) {
      expect(read(status, body)).toMatchObject({ kind: 'misconfigured', httpStatus: status });
    }
  });

  it.each([401, 407, 429])('with %i is never final, whatever its body', (status) => {
    for (const body of [HTML, '', error('No.'), page(status, 'No')])
      expect(read(status, body).kind).not.toBe('rejected');
  });

  it.each<[string, number, unknown, Outcome['kind']]>([
    ['a proxy’s JSON', 403, { message: 'Forbidden' }, 'misconfigured'],
    [
      'an error without the other members',
      400,
      { status: 'error', message: 'No such screen' },
      'misconfigured',
    ],
    ['plain text about the key', 403, 'Invalid apiKey', 'credentials'],
    ['JSON text about the key', 403, '"Invalid API key"', 'credentials'],
    ['a gateway’s JSON about the key', 403, { error: 'invalid_api_key' }, 'credentials'],
    ['a problem document about credit', 403, { title: 'You do not have enough credit' }, 'misconfigured'],
    ['a proxy’s JSON about the pace', 403, { error: { message: 'Rate limit exceeded' } }, 'throttled'],
    ['a page of a framework with a numeric status', 400, page(400, 'Bad Request'), 'misconfigured'],
    ['a code of WhatsApp’s in a foreign body', 400, { errors: [{ code: 100 }] }, 'misconfigured'],
  ])('is read for its trouble: %s', (_, status, body, kind) => {
    expect(read(status, body).kind).toBe(kind);
  });
});

describe('LipaChat’s own refusal', () => {
  it.each([402, 403, 404, 405, 409, 410, 413, 415, 421, 423, 425, 426, 451])(
    'with %i does not judge the message',
    (status) => {
      expect(read(status, error('Request failed.'))).toEqual({
        kind: 'misconfigured',
        httpStatus: status,
        said: 'Request failed.',
      });
    },
  );

  it.each<[Outcome['kind'], string[]]>([
    [
      'credentials',
      [
        'Invalid apiKey',
        'Invalid API key',
        'The API key is invalid',
        'INVALID_API_KEY',
        'invalid api_key or token expired',
        'Your API Key or Secret are incorrectly specified',
        'API key has been revoked',
        'apiKey not found',
        'Missing API key',
        'No valid API key provided',
        'Unauthorized',
        'Unauthorised API access',
        'UNAUTHENTICATED',
        'Authentication failed',
        'Full authentication is required to access this resource',
        'Access token has expired',
        'Access denied',
        'Permission denied for partner 7',
        'User is not authorized to access this resource',
        'The API key doesn’t have permissions to perform the request',
        'Insufficient permissions',
        'You do not have the required permissions',
        'Forbidden',
        'IP address not whitelisted',
        'Bad credentials',
        'Token expired',
        'Your key has been blocked',
        'apiKey header is required',
        'Not authorized',
        'You are not allowed to use this sender',
        'You are not authorized to send from this number',
        'Operation not permitted',
        'Access forbidden',
        'Insufficient rights',
      ],
    ],
    [
      'throttled',
      [
        'Too many requests',
        'TOO_MANY_REQUESTS',
        'Rate limit exceeded',
        'You have exceeded the endpoint rate limit.',
        'You have exceeded the limit of 1 request every 6 seconds',
        'Request throttled',
        'Quota exceeded',
        'Daily limit reached',
        'You have exceeded your daily limit',
        'Monthly message quota has been reached',
        'Please slow down',
        'You are sending too fast',
        'Max requests reached',
        'Throughput exceeded',
        'Too many messages',
        'Message limit reached',
        'Rate exceeded',
      ],
    ],
    [
      'misconfigured',
      [
        'Insufficient balance',
        'InsufficientBalance',
        'INSUFFICIENT_FUNDS',
        'Insufficient account balance. Please top up',
        'Wallet balance low',
        'Low balance',
        'You do not have enough credit',
        'You do not have sufficient credit to complete your request',
        'Not enough credits in user account',
        'Your account has no balance available',
        'Out of credit',
        'Balance is too low',
        'Payment required',
        'Could not send message due to lack of payment',
        'Your subscription has expired',
        'Your account has been suspended',
        'Account inactive',
        'Business account locked',
        'Service temporarily unavailable',
        'Service unavailable',
        'Sending messages is temporarily unavailable.',
        'System under maintenance',
        'Scheduled maintenance',
        'Internal server error',
        'Something went wrong',
        'Please try again later',
        'The gateway is overloaded',
        'Network failure',
        'Your WhatsApp for Business API has been disabled',
        'Your wallet is empty',
        'Account balance is 0',
        'You have 0 credits remaining',
        'Payment overdue',
        'Trial expired',
        'Account is not approved',
        'Unknown client',
        'Upstream error',
        'Unknown error',
        'Bad gateway',
        'Could not connect to WhatsApp',
        'Connection refused',
        'Unable to process request at this time',
        'Our servers are busy',
        'Maintenance in progress',
        'Feature not enabled for your account',
        'Request blocked',
      ],
    ],
  ])('about keys, permission, balance, pace or service is the operator’s: %s', (kind, phrases) => {
    for (const words of phrases) {
      for (const status of [200, 400, 422, 402, 403, 404]) {
        expect([words, status, read(status, error(words)).kind]).toEqual([words, status, kind]);
        expect([words, read(status, error('Request failed.', [{ message: words }])).kind]).toEqual([
          words,
          kind,
        ]);
      }
      expect([words, read(200, success(words)).kind]).toEqual([words, kind]);
    }
  });

  it.each([
    'Request failed.',
    'Missing template key',
    'Missing key "name" in data',
    'Invalid key in data: token',
    'Invalid flow token',
    'flow_token has expired',
    'data.apiKey is required',
    'Field "apiKey" is missing',
    'data.balance is required',
    'balance must be a number',
    'data.credit is insufficient for screen LOAN',
    'Unknown flowId',
    'Flow is not published',
    'No such screen',
    'Template not found',
    'Template is not approved',
    'Too many parameters',
    'Too many buttons',
    'Text exceeded the limit of 1024 characters',
    'Message exceeds maximum length',
    'Recipient is not a WhatsApp user',
    'Recipient not in allowed list',
    'Recipient account is deactivated',
    'The service field is required',
    'service: unknown service "premium"',
    'data.package is not available',
    'Invalid phone number',
    'permissions field is not allowed in data',
    'Invalid time: maintenanceAt',
    'payment amount is invalid',
    'WhatsApp error: Flow is not published',
    'Provider error (invalid screen)',
    'The user is not allowed to receive this template',
    'The customer has insufficient funds',
    'data.service is not available',
    'Message limit exceeded: 1024 characters',
    'Invalid value for key "plan": expired',
    'Recipient has blocked you',
    'Flow token is invalid for this screen',
  ])('about anything else is final under a status that judges: %s', (words) => {
    for (const status of [200, 400, 422])
      expect(read(status, error(words))).toMatchObject({ kind: 'rejected' });
  });

  it.each([
    'has been ',
    'invalid ',
    'the permissions ',
    'account is ',
    'not have ',
    'api key ',
    '24-hour session ',
  ])('is read in a moment, however often it says %j', (words) => {
    const startedAt = performance.now();
    read(400, error(words.repeat(40_000 / words.length)));
    expect(performance.now() - startedAt).toBeLessThan(500);
  });

  it('says how long to wait when it is about the pace', () => {
    expect(read(200, error('Too many requests'), '7')).toEqual({ kind: 'throttled', retryAfterMs: 7_000 });
  });

  it.each([
    'Upstream timed out',
    'Gateway timeout',
    'Request timed out',
    'Connection timeout',
    'Connection reset by peer',
  ])('about a timeout does not tell whether the message left: %s', (words) => {
    for (const status of [200, 400, 403]) expect(read(status, error(words)).kind).toBe('ambiguous');
  });

  it.each([400, 409, 403, 200])('that says duplicate keeps its meaning with %i', (status) => {
    for (const words of [
      'Duplicate messageId',
      'Message already sent',
      'Duplicate request: too many requests',
    ]) {
      expect(read(status, error(words))).toMatchObject({ kind: 'rejected', duplicate: true });
    }
  });
});

describe('a code of WhatsApp’s', () => {
  it.each<[string, number, unknown, object]>([
    ['beats words about the pace', 400, error('(#131026) Too many requests'), { kind: 'rejected' }],
    ['beats words about the service', 200, error('131047: Something went wrong'), { kind: 'sessionClosed' }],
    [
      'beats a status that judges nothing',
      404,
      error('(#132001) Template does not exist'),
      { kind: 'rejected' },
    ],
    [
      'is the number’s trouble also with 403',
      403,
      error('Forbidden', { code: 10 }),
      { kind: 'rejected', errorClass: 'stop-number' },
    ],
    [
      'of a low number counts under a status that judges',
      400,
      error('No.', { code: 100 }),
      { kind: 'rejected' },
    ],
    [
      'of a low number does not count under another',
      403,
      error('No.', { code: 100 }),
      { kind: 'misconfigured' },
    ],
    [
      'that is unknown leaves it to the phrase',
      400,
      error('(#139999) Insufficient balance'),
      { kind: 'misconfigured' },
    ],
    ['that is unknown leaves it to the judgement', 400, error('(#139999) No.'), { kind: 'rejected' }],
    [
      'in a receipt that failed beats its words',
      200,
      { ...success(''), data: { status: 'FAILED', errorCode: 131026, statusDesc: 'Something went wrong' } },
      { kind: 'rejected', errorClass: 'undeliverable' },
    ],
  ])('%s', (_, status, body, expected) => {
    expect(read(status, body)).toMatchObject(expected);
  });

  it('is missing in a receipt that failed for want of balance: the operator’s', () => {
    const data = { waId: 'wamid.A', status: 'FAILED', statusDesc: 'Insufficient balance' };
    expect(read(200, { ...success(''), data })).toMatchObject({ kind: 'misconfigured' });
  });
});
