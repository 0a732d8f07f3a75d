/** lipachat-contract §2, case by case: responses that are not receipts. */
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

describe('the gateway refuses the message', () => {
  it('by the documented response, with its text and its envelope', () => {
    const body = failure('Request failed.');
    for (const status of [400, 200]) {
      const message = expect.stringMatching(
        new RegExp(`^Request failed\\. \\(LipaChat's words, with HTTP ${status}\\.\\) `),
      );
      expect(read(status, body)).toEqual({ kind: 'rejected', message, duplicate: false, envelope: body });
    }
  });

  it.each([200, 400, 422])('with %i, by its own envelope', (status) => {
    expect(read(status, failure('No.')).kind).toBe('rejected');
  });

  it('with 4xx even if the body looks like a receipt', () => {
    expect(read(400, envelope()).kind).toBe('rejected');
  });

  it.each(['FAILED', 'failed', 'ERROR', 'REJECTED', 'UNDELIVERED', 'UNDELIVERABLE', 'INVALID', 'EXPIRED'])(
    'when data has the failure status %s, and gives the reason',
    (status) => {
      const data = { messageId: 'x', waId: WA_ID, status, statusDesc: 'Recipient not on WhatsApp' };
      expect(read(200, envelope({ data }))).toMatchObject({
        kind: 'rejected',
        message: expect.stringMatching(/^Recipient not on WhatsApp\. .*HTTP 200/),
      });
    },
  );

  it('when "success" comes with a message and no data', () => {
    const body = envelope({ data: null, message: 'No such screen' });
    expect(read(200, body)).toMatchObject({
      kind: 'rejected',
      message: expect.stringMatching(/^No such screen\. .*HTTP 200/),
    });
  });

  it.each([
    ['text', 'flowId is unknown'],
    ['a list', ['flowId is unknown']],
    ['a list of objects', [{ field: 'flowId', error: 'flowId is unknown' }]],
    ['an object', { flowId: 'flowId is unknown' }],
  ])('and its errors are shown when they are %s', (_, errors) => {
    const outcome = read(400, failure('Request failed.', { errors }));
    expect(outcome).toMatchObject({ kind: 'rejected' });
    expect((outcome as { message: string }).message).toMatch(/^Request failed\. .*flowId is unknown/);
  });

  it.each([undefined, null, 7, {}])('and its message is used only when it is text, not %j', (message) => {
    const outcome = read(400, failure('x', { message }));
    expect((outcome as { message: string }).message).toMatch(/^\w.*\w\.$/);
  });

  it('and its text is cut to a length that can be stored, never in the middle of a character', () => {
    for (const lead of ['', 'x']) {
      const outcome = read(400, failure(lead + '😕'.repeat(5_000))) as { message: string };
      expect(outcome.message.length).toBeLessThanOrEqual(500);
      expect(outcome.message.isWellFormed()).toBe(true);
    }
  });

  it('and its text is stored and read back unchanged', () => {
    const outcome = read(400, '{"status":"error","data":null,"message":"half \\ud83d"}') as {
      message: string;
    };
    expect(outcome.message.isWellFormed()).toBe(true);
  });

  it.each([
    'Duplicate messageId',
    'Message already sent',
    'messageId already exists',
    'already been processed',
    'This id was already used',
  ])('because it knows the id: %s', (words) => {
    expect(read(409, failure(words))).toMatchObject({ kind: 'rejected', duplicate: true });
    expect(read(400, failure('Request failed.', { errors: [words] }))).toMatchObject({ duplicate: true });
  });
});

describe('the outcome is ambiguous', () => {
  it.each([
    ['500', 500, failure('Request failed.')],
    [
      '500 with a framework’s error',
      500,
      { timestamp: 'x', status: 500, error: 'Internal Server Error', path: '/' },
    ],
    ['502 with HTML', 502, '<html>Bad Gateway</html>'],
    ['503', 503, ''],
    ['504 with a receipt', 504, envelope()],
    ['5xx with the session’s wording', 500, failure('24-hour sandbox session window')],
    ['408', 408, failure('Request timeout')],
    ['304', 304, ''],
    ['302, which may follow the send', 302, ''],
    ['303, which may follow the send', 303, ''],
    ['an unknown status', 999, ''],
    ['200 and HTML', 200, '<html>OK</html>'],
    ['200 and nothing', 200, ''],
    ['200 and a truncated body', 200, JSON.stringify(envelope()).slice(0, 80)],
    ['200 and a list', 200, [envelope()]],
    ['200 and text', 200, '"success"'],
    ['200 and null', 200, 'null'],
    ['200 and another JSON', 200, { ok: true }],
    ['200 and a number for a status', 200, { status: 200, data: { waId: WA_ID } }],
    ['200 and "Success" in other letters', 200, envelope({ status: 'Success' })],
    ['200 and no data', 200, envelope({ data: undefined })],
    ['200 and data of null, with no message', 200, envelope({ data: null })],
    ['200 and data of null, with a message of null', 200, envelope({ data: null, message: null })],
    ['200 and data that is a list', 200, envelope({ data: [{ waId: WA_ID }] })],
    ['200 and data that is text', 200, envelope({ data: WA_ID })],
    ['200 and data that names no message', 200, envelope({ data: {} })],
    ['200 and ids that are empty', 200, envelope({ data: { messageId: '', waId: '' } })],
    ['200 and ids that are no text', 200, envelope({ data: { messageId: 7, waId: {} } })],
    ['200 and an id that no key can hold', 200, envelope({ data: { waId: 'w'.repeat(513) } })],
    ['200 and an error in no envelope of LipaChat', 200, { status: 'error', message: 'No.' }],
    ['201 and an error', 201, failure('No.')],
    ['202 and a receipt that failed', 202, envelope({ data: { waId: WA_ID, status: 'FAILED' } })],
    ['200 and an error that something timed out', 200, failure('Upstream timed out')],
  ])('by %s', (_, status, body) => {
    expect(read(status, body)).toEqual({ kind: 'ambiguous', reason: expect.stringMatching(/\w/) });
  });

  it.each([200, 201, 400, 422, 500, 503])('when the body of a %i was cut off', (httpStatus) => {
    expect(readAnswer({ httpStatus, body: undefined }, NOW).kind).toBe('ambiguous');
  });
});

describe('the request was not processed', () => {
  it.each([301, 307, 308])('by %i', (status) => {
    expect(read(status, '<a href="https://elsewhere.example">')).toMatchObject({ kind: 'notSent' });
  });
});
