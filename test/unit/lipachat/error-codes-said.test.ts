/** The rule: one reader of codes. What decides a response decides a status, in whatever shape the error comes. */
import { describe, expect, it } from 'vitest';
import { readAnswer } from '../../../src/lib/lipachat/outcome-of-response.ts';
import { readCallbacks } from '../../../src/lib/lipachat/parse-callbacks.ts';
import { isFailureWord } from '../../../src/lib/lipachat/reading/status-words.ts';
import { NOW } from '../../support/fakes/samples.ts';

type Members = Record<string, unknown>;

const answerTo = (members: Members) => {
  const envelope = {
    timestamp: '2026-11-27T10:00:00.1',
    data: null,
    status: 'error',
    message: 'No.',
    errors: null,
  };
  const outcome = readAnswer({ httpStatus: 400, body: JSON.stringify({ ...envelope, ...members }) }, NOW);
  return outcome.kind === 'rejected' ? (outcome.errorClass ?? 'other') : outcome.kind;
};
const codesOf = (members: Members) => {
  const ids = { waId: 'wamid.A', id: 'wamid.A', messageId: 'm-1' };
  const bodies = [
    { event: 'MESSAGE_STATUS', messageStatus: { ...ids, status: 'FAILED', ...members } },
    { statuses: [{ ...ids, status: 'failed', ...members }] },
  ];
  const read = bodies.flatMap((body) => readCallbacks(body));
  return read.map((one) => (one.kind === 'status' ? one.report.code : one.kind));
};

const details = 'Message failed to send because more than 24 hours have passed.';

/** Each shape of an error of this code, in a member of the envelope or of the status. */
const shapes: readonly [string, (code: number) => Members][] = [
  ['a list of errors', (code) => ({ errors: [{ code, title: 'x' }] })],
  ['an error as an object', (code) => ({ errors: { code, title: 'x' } })],
  ['a list of codes', (code) => ({ errors: [code] })],
  ['a list of codes as text', (code) => ({ errors: [String(code)] })],
  ['one code', (code) => ({ errors: code })],
  ['one code as text', (code) => ({ errors: ` ${code} ` })],
  ['words', (code) => ({ errors: `(#${code}) Something` })],
  ['JSON text', (code) => ({ errors: JSON.stringify([{ code }]) })],
  ['JSON text, encoded twice', (code) => ({ errors: JSON.stringify(JSON.stringify({ code })) })],
  ['the code in words under its name', (code) => ({ errors: [{ code: `(#${code})` }] })],
  ['errorCode', (code) => ({ errorCode: code })],
  ['errorCode as text', (code) => ({ errorCode: `${code}` })],
  ['error_code', (code) => ({ error_code: code })],
  ['ERROR_CODE', (code) => ({ ERROR_CODE: code })],
  ['errorCodes', (code) => ({ errorCodes: [code] })],
  ['error', (code) => ({ error: { code } })],
  ['error as words', (code) => ({ error: `(#${code}) Something` })],
  ['nested errors', (code) => ({ errors: [{ error: { error_data: { details: `(#${code})` } } }] })],
  ['a description', (code) => ({ statusDesc: `(#${code}) Something` })],
  ['a description as an object', (code) => ({ statusDesc: { code } })],
  ['a description as a list', (code) => ({ statusDesc: [{ errorCode: code }] })],
  ['a reason', (code) => ({ reason: `Refused (#${code})` })],
];

describe('a code is the same in a response and in a status, in', () => {
  it.each(shapes)('%s', (_, shape) => {
    expect(answerTo(shape(131_026))).toBe('undeliverable');
    expect(answerTo(shape(131_047))).toBe('sessionClosed');
    expect(codesOf(shape(131_026))).toEqual([131_026, 131_026]);
    expect(codesOf(shape(80_007))).toEqual([80_007, 80_007]);
  });

  it('a low number, where a code stands', () => {
    for (const members of [
      { errors: [{ code: 368 }] },
      { errors: [368] },
      { errorCode: '368' },
      { reason: '(#368)' },
    ])
      expect(codesOf(members)).toEqual([368, 368]);
    expect([answerTo({ message: '200' }), codesOf({ statusDesc: '200' })]).toEqual([
      'other',
      [undefined, undefined],
    ]);
  });

  it('a bare code, if it is WhatsApp’s for sure', () => {
    expect([answerTo({ code: 131_026 }), codesOf({ code: 131_026 })]).toEqual([
      'undeliverable',
      [131_026, 131_026],
    ]);
    expect([answerTo({ code: 200 }), codesOf({ code: 200 })]).toEqual(['other', [undefined, undefined]]);
  });

  it('a map from codes to their titles', () => {
    const errors = { 131047: 'Re-engagement message' };
    expect([answerTo({ errors }), codesOf({ errors })]).toEqual(['sessionClosed', [131_047, 131_047]]);
  });

  it('words that stand for it', () => {
    for (const member of ['errors', 'error', 'statusDesc', 'reason', 'description'])
      expect([answerTo({ [member]: details }), codesOf({ [member]: details })]).toEqual([
        'sessionClosed',
        [131_047, 131_047],
      ]);
  });
});

describe('no code is', () => {
  it.each<[string, unknown]>([
    ['over the integers', 2 ** 53 + 2],
    ['text over the integers', '9007199254740994'],
    ['too long', 123_456_789],
    ['less than zero', -131_047],
    ['a fraction', 131_047.5],
    ['infinite', '1e400'],
    ['words', 'x'],
    ['true', true],
    ['blank', ' '],
    ['an object', { a: 1 }],
  ])('what is %s', (_, errorCode) => {
    expect(codesOf({ errorCode })).toEqual([undefined, undefined]);
    expect(answerTo({ errorCode })).toBe('other');
  });

  it('a number that is not among the errors', () => {
    const timestamp = [2026, 131_047, 368, 10, 30];
    expect(codesOf({ timestamp, errors: null })).toEqual([undefined, undefined]);
  });

  it('deeper than any error', () => {
    const errors = JSON.parse(`${'['.repeat(10_000)}131047${']'.repeat(10_000)}`) as unknown;
    expect(codesOf({ errors })).toEqual([undefined, undefined]);
  });
});

describe('a word of failure', () => {
  it.each(
    'FAILED failure ERROR UNDELIVERED UNDELIVERABLE DELIVERY_FAILED DeliveryFailed SEND-ERROR REJECTED EXPIRED CANCELLED BLOCKED DENIED INVALID NOT_DELIVERED not_sent NotDelivered BOUNCED UNREACHABLE'.split(
      ' ',
    ),
  )('fails a status and a response: %s', (status) => {
    const data = { messageId: 'm-1', waId: 'wamid.A', status };
    const body = { timestamp: '', data, status: 'success', message: '', errors: null };
    expect(readAnswer({ httpStatus: 200, body: JSON.stringify(body) }, NOW).kind).not.toBe('accepted');
    expect(readCallbacks({ event: 'MESSAGE_STATUS', messageStatus: data })).toMatchObject([
      { kind: 'status', report: { status: 'failed' } },
    ]);
  });

  it.each(['SENT', 'DELIVERED', 'READ', 'ACCEPTED', 'PENDING', 'identified', 'modified', 'hidden'])(
    'is not %s',
    (word) => {
      expect(isFailureWord(word)).toBe(false);
    },
  );
});
