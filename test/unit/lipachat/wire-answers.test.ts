/** lipachat-contract §2, case by case: what one HTTP response of LipaChat means. */
import { describe, expect, it } from 'vitest';
import { readAnswer } from '../../../src/lib/lipachat/outcome-of-response.ts';
import type { Outcome } from '../../../src/lib/messages/outcome.ts';
import { NOW } from '../../support/fakes/samples.ts';

const WA_ID = 'wamid.HBgMMjU0NzE3NzQ2NTY1FQIAERgSMDUxNjI2OEE5OUUyMzQzMjM4AA==';

const read = (httpStatus: number, body: unknown, retryAfter?: string): Outcome =>
  readAnswer({ httpStatus, retryAfter, body: typeof body === 'string' ? body : JSON.stringify(body) }, NOW);

const envelope = (changes: Record<string, unknown> = {}) => ({
  timestamp: '2024-03-22T11:42:18.625016916',
  data: { messageId: '1a85c604', waId: WA_ID, status: 'SENT', statusDesc: 'Message sent successfully' },
  status: 'success',
  message: '',
  errors: null,
  ...changes,
});

const failure = (message: string | null, changes: Record<string, unknown> = {}) =>
  envelope({ data: null, status: 'error', message, ...changes });

describe('a message is accepted', () => {
  it('by the documented response, which is kept as it came', () => {
    expect(read(200, envelope())).toEqual({ kind: 'accepted', waId: WA_ID, envelope: envelope() });
  });

  it.each([200, 201, 202, 299])('with status %i', (status) => {
    expect(read(status, envelope()).kind).toBe('accepted');
  });

  it.each([
    ['a waId alone', { waId: WA_ID }],
    ['a messageId alone', { messageId: 'x' }],
    ['a messageId that is not ours', { messageId: 'another', waId: WA_ID }],
    ['an empty waId beside a messageId', { messageId: 'x', waId: '' }],
    ['a waId of null beside a messageId', { messageId: 'x', waId: null }],
    ['no status of its own', { waId: WA_ID, statusDesc: 'ok' }],
    ['the status QUEUED', { waId: WA_ID, status: 'QUEUED' }],
    ['the status DELIVERED', { waId: WA_ID, status: 'DELIVERED' }],
    ['an unknown field more', { waId: WA_ID, price: 1 }],
  ])('when data has %s', (_, data) => {
    expect(read(200, envelope({ data })).kind).toBe('accepted');
  });

  it('without a waId when the gateway gave none', () => {
    expect(read(200, envelope({ data: { messageId: 'x' } }))).not.toHaveProperty('waId');
  });

  it('whatever its message, timestamp and errors say', () => {
    for (const changes of [
      { message: 'Message sent successfully' },
      { timestamp: null },
      { errors: [] },
      { message: null },
    ]) {
      expect(read(200, envelope(changes)).kind).toBe('accepted');
    }
  });
});

describe('the apiKey is wrong', () => {
  it.each([
    ['the documented response, with 401', 401, envelope({ data: null, message: 'Invalid credentials' })],
    [
      'the documented response, with 200 and "success"',
      200,
      envelope({ data: null, message: 'Invalid credentials' }),
    ],
    ['the same in other letters', 200, envelope({ data: null, message: 'INVALID CREDENTIALS.' })],
    ['the same as an error', 400, failure('Invalid credentials')],
    ['401 and no body', 401, ''],
    ['401 and HTML', 401, '<html>Unauthorized</html>'],
    ['401 and another JSON', 401, { error: 'unauthorized' }],
  ])('by %s', (_, status, body) => {
    expect(read(status, body)).toEqual({ kind: 'credentials' });
  });
});

describe('the session is closed', () => {
  const WORDS = 'You can only send within the 24-hour sandbox session window';
  it.each([
    ['the wording, with 200', 200, failure(WORDS)],
    ['the wording, with 400', 400, failure(WORDS)],
    ['the wording, with 403', 403, failure(WORDS)],
    ['the wording without "sandbox"', 400, failure('Outside of the 24-hour session window.')],
    ['the wording in other letters', 200, failure('24-HOUR SANDBOX SESSION WINDOW expired')],
    ['the wording in spite of "success"', 200, envelope({ data: null, message: WORDS })],
    ['the code in the message, as Meta writes it', 400, failure('(#131047) Re-engagement message')],
    ['the code in the message, bare', 400, failure('131047: Re-engagement message')],
    ['the code as the error', 200, failure('Request failed.', { errors: 131047 })],
    ['the code in a text', 400, failure('Request failed.', { errors: 'Error code 131047' })],
    ['the code in a list', 400, failure('Request failed.', { errors: [{ code: 131047, title: 'x' }] })],
    ['the code in a list, as text', 400, failure('Request failed.', { errors: [{ code: '131047' }] })],
    ['the code in an object', 400, failure('Request failed.', { errors: { error: { code: 131047 } } })],
  ])('by %s', (_, status, body) => {
    expect(read(status, body)).toEqual({ kind: 'sessionClosed' });
  });

  it('but not by another code that merely contains these digits', () => {
    expect(read(400, failure('Request failed.', { errors: [{ code: 1310470 }] })).kind).toBe('rejected');
    expect(read(400, failure('Request failed.', { errors: [{ trace: '99131047001' }] })).kind).toBe(
      'rejected',
    );
  });
});

describe('the gateway throttles', () => {
  it.each([
    ['nothing about when', undefined, undefined],
    ['seconds', '7', 7_000],
    ['no time at all', '0', 0],
    ['a date', 'Fri, 02 Jan 2026 03:05:05 GMT', 60_000],
    ['a date that is over', 'Fri, 02 Jan 2026 03:00:00 GMT', 0],
    ['rubbish', 'in a while', undefined],
    ['an empty header', '', undefined],
    ['less than nothing', '-5', 0],
  ])('with 429 and %s', (_, retryAfter, retryAfterMs) => {
    const expected = retryAfterMs === undefined ? { kind: 'throttled' } : { kind: 'throttled', retryAfterMs };
    expect(read(429, failure('Too many requests'), retryAfter)).toEqual(expected);
  });

  it('with 429 and any body', () => {
    for (const body of ['', '<html>', envelope(), { status: 429 }])
      expect(read(429, body).kind).toBe('throttled');
  });
});
