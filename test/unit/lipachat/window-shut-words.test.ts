/**
 * A shut window without its code. The rule: one reader for responses and callbacks. A known code decides; without one,
 * the wording of 131047 stands for it, in whatever text of the failure it is.
 */
import { describe, expect, it } from 'vitest';
import { readAnswer } from '../../../src/lib/lipachat/outcome-of-response.ts';
import { readCallbacks } from '../../../src/lib/lipachat/parse-callbacks.ts';
import { NOW } from '../../support/fakes/samples.ts';

const WORDINGS = [
  'not delivered: more than 24 hours have passed since the customer last replied',
  'Re-engagement message',
  'RE-ENGAGEMENT MESSAGE',
  'Reengagement message',
  'Message failed to send because more than 24 hours have passed since the customer last replied to this number.',
  'Over 24 hours have passed since the last reply',
  'More than 24hrs have elapsed',
  'Recipient is outside the 24-hour sandbox session window',
  'Outside of the 24-hour session window.',
  'Message is outside the 24 hour customer service window',
  'Not within the 24-hour window',
  'The customer service window is closed',
  'Session window expired',
];

const OTHERS = [
  'Message undeliverable',
  'The engagement message was refused',
  'Template was paused for 24 hours',
  'Not before 24 hours',
  'flowCta: window is not a valid label',
  'Session not found',
];

const error = (changes: Record<string, unknown>) => ({
  timestamp: '2026-11-27T10:00:00.1',
  data: null,
  status: 'error',
  message: 'Request failed.',
  errors: null,
  ...changes,
});
const read = (httpStatus: number, body: unknown) =>
  readAnswer({ httpStatus, body: JSON.stringify(body) }, NOW);

const flat = (messageStatus: Record<string, unknown>) => ({
  event: 'MESSAGE_STATUS',
  messageStatus: {
    waId: 'wamid.A',
    messageId: 'm-1',
    conversationId: 'c',
    status: 'FAILED',
    ...messageStatus,
  },
});
const whatsapp = (error_: Record<string, unknown>) => ({
  entry: [{ changes: [{ value: { statuses: [{ id: 'wamid.A', status: 'failed', errors: [error_] }] } }] }],
});
const codeOf = (body: unknown) => {
  const [callback] = readCallbacks(body);
  return callback?.kind === 'status' ? callback.report.code : 'no status';
};

describe.each(WORDINGS)('the window is shut: %s', (words) => {
  it('in a response, at any place', () => {
    for (const httpStatus of [200, 400, 403, 422]) {
      for (const body of [
        error({ message: words }),
        error({ errors: words }),
        error({ errors: [words] }),
        error({ errors: { title: words } }),
        error({ errors: [{ error_data: { details: words } }] }),
        error({ message: words, status: 'success' }),
      ]) {
        expect(read(httpStatus, body)).toEqual({ kind: 'sessionClosed' });
      }
    }
    const data = { waId: 'wamid.A', status: 'FAILED', statusDesc: words };
    expect(read(200, error({ status: 'success', message: '', data }))).toEqual({ kind: 'sessionClosed' });
  });

  it('in a status callback, in each shape', () => {
    expect(codeOf(flat({ statusDesc: words }))).toBe(131047);
    expect(codeOf(flat({ statusDesc: words, errorCode: 470 }))).toBe(131047);
    expect(codeOf(whatsapp({ title: words }))).toBe(131047);
    expect(codeOf(whatsapp({ title: 'Failed', error_data: { details: words } }))).toBe(131047);
  });

  it('unless a known code says otherwise', () => {
    expect(read(400, error({ message: `(#131026) ${words}` }))).toMatchObject({
      errorClass: 'undeliverable',
    });
    expect(codeOf(flat({ statusDesc: words, errorCode: 131026 }))).toBe(131026);
    expect(codeOf(flat({ statusDesc: `(#131049) ${words}` }))).toBe(131049);
    expect(codeOf(whatsapp({ code: 131050, title: words }))).toBe(131050);
  });

  it('and says nothing where nothing failed', () => {
    expect(codeOf(flat({ status: 'DELIVERED', statusDesc: words }))).toBeUndefined();
    const data = { waId: 'wamid.A', status: 'SENT', statusDesc: 'ok' };
    expect(read(200, error({ status: 'success', message: words, data })).kind).toBe('accepted');
  });
});

it.each(OTHERS)('says nothing of the window: %s', (words) => {
  expect(read(400, error({ message: words })).kind).toBe('rejected');
  expect(codeOf(flat({ statusDesc: words }))).toBeUndefined();
});

it('reads one code at the same places in responses and in callbacks', () => {
  const places = [
    { code: 131047 },
    { code: '131047' },
    { title: '(#131047) x' },
    { message: 'Error 131047' },
  ];
  for (const place of places) {
    expect(read(400, error({ errors: [place] }))).toEqual({ kind: 'sessionClosed' });
    expect(codeOf(whatsapp(place))).toBe(131047);
  }
});
