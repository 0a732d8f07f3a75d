/** What each outcome of a call means for the message, and what follows the call; property tests hold the bounds. */
import { describe, expect, it } from 'vitest';
import { nextStep, type Tries, verdictOn } from '../../../src/lib/lipachat/verdict.ts';
import type { Outcome } from '../../../src/lib/messages/outcome.ts';
import { throttleReasonOf } from '../../../src/lib/sending/attempt.ts';

const tries = (changes: Partial<Tries> = {}): Tries => ({
  calls: 1,
  maxCalls: 10,
  msLeft: 20_000,
  random: 0.5,
  ambiguityMode: 'resend',
  ...changes,
});
const stop = { kind: 'stop' };
const notSent = { kind: 'notSent', reason: 'no route' } as const;
const throttled = (retryAfterMs: number): Outcome => ({ kind: 'throttled', retryAfterMs });

describe('the step after a call', () => {
  it.each<[string, Outcome]>([
    ['LipaChat throttled it', { kind: 'throttled' }],
    ['it was not sent', notSent],
    ['its outcome is ambiguous', { kind: 'ambiguous', reason: 'silence' }],
  ])('is a repeat after a jittered pause that doubles up to 2 s, where %s', (_, outcome) => {
    const delays = [1, 2, 3, 4, 5, 6].map((calls) => nextStep(outcome, tries({ calls })));
    expect(delays).toEqual([100, 200, 400, 800, 1_000, 1_000].map((delayMs) => ({ kind: 'retry', delayMs })));
    expect(nextStep(outcome, tries({ random: 0 }))).toEqual({ kind: 'retry', delayMs: 0 });
  });

  it('is a repeat after the pause that LipaChat names, up to 2 s', () => {
    expect(nextStep(throttled(1_999), tries())).toEqual({ kind: 'retry', delayMs: 1_999 });
    expect(nextStep(throttled(2_000), tries())).toEqual({ kind: 'retry', delayMs: 2_000 });
    expect(nextStep(throttled(2_001), tries())).toEqual(stop);
  });

  it('is to stop where less than half a second is left for the next call', () => {
    expect(nextStep(throttled(1_000), tries({ msLeft: 1_501 })).kind).toBe('retry');
    expect(nextStep(throttled(1_000), tries({ msLeft: 1_500 }))).toEqual(stop);
  });

  it('is to stop after the last call', () => {
    expect(nextStep(notSent, tries({ calls: 9 })).kind).toBe('retry');
    expect(nextStep(notSent, tries({ calls: 10 }))).toEqual(stop);
  });

  it('is another key where LipaChat refuses the key and time is left for a call', () => {
    expect(nextStep({ kind: 'credentials' }, tries({ msLeft: 501 }))).toEqual({ kind: 'refreshKey' });
    expect(nextStep({ kind: 'credentials' }, tries({ msLeft: 500 }))).toEqual(stop);
  });

  it.each<[string, Outcome]>([
    ['accepted it', { kind: 'accepted', envelope: null }],
    ['refused it', { kind: 'rejected', message: 'No.', duplicate: false, envelope: null }],
    ['is set up wrong', { kind: 'misconfigured', httpStatus: 404 }],
    ['says that the session is closed', { kind: 'sessionClosed' }],
    ['throttles the pair', { kind: 'throttled', pair: true }],
  ])('is to stop where LipaChat %s', (_, outcome) => {
    expect(nextStep(outcome, tries())).toEqual(stop);
  });

  it('is a repeat of what was not sent, even where nothing ambiguous is repeated', () => {
    expect(nextStep(notSent, tries({ ambiguityMode: 'hold' })).kind).toBe('retry');
  });

  it('is to stop where nothing ambiguous is repeated', () => {
    expect(nextStep({ kind: 'ambiguous', reason: 'silence' }, tries({ ambiguityMode: 'hold' }))).toEqual(
      stop,
    );
  });
});

const refusal = { kind: 'rejected', message: 'No.', duplicate: false, envelope: { a: 1 } } as const;

describe('the verdict on the first request', () => {
  const verdict = (outcome: Outcome) => verdictOn(outcome, { mayHaveLeft: false, ambiguityMode: 'resend' });

  it('gives the claim back for half a minute where LipaChat refuses the apiKey', () => {
    expect(verdict({ kind: 'credentials' })).toEqual({
      kind: 'release',
      code: 'gateway-credentials',
      retryAfter: 30,
    });
  });

  it('gives the claim back without a time where the session is closed', () => {
    expect(verdict({ kind: 'sessionClosed' })).toEqual({
      kind: 'release',
      code: 'session-closed',
      retryAfter: 0,
    });
  });

  it.each([
    [undefined, "HTTP 404, not in LipaChat's envelope"],
    ['No such sender', 'HTTP 404, "No such sender"'],
  ])('gives the claim back for a minute where a person has to correct something: %s', (text, said) => {
    expect(verdict({ kind: 'misconfigured', httpStatus: 404, said: text })).toEqual({
      kind: 'release',
      code: 'gateway-misconfigured',
      retryAfter: 60,
      said,
    });
  });

  it('gives the claim back for five seconds where nothing left', () => {
    expect(verdict(notSent)).toEqual({ kind: 'release', code: 'gateway-unavailable', retryAfter: 5 });
  });

  it.each([
    [undefined, 5],
    [0, 5],
    [1, 1],
    [1_000, 1],
    [1_001, 2],
    [90_000, 90],
  ])('gives the claim back for as long as LipaChat says, in whole seconds: %s ms, %i s', (ms, retryAfter) => {
    const outcome: Outcome = ms === undefined ? { kind: 'throttled' } : throttled(ms);
    expect(verdict(outcome)).toEqual({
      kind: 'release',
      code: 'gateway-throttled',
      errorClass: 'wait',
      retryAfter,
    });
  });

  it('slows only the pair where only the pair is too fast', () => {
    expect(verdict({ kind: 'throttled', pair: true })).toMatchObject({
      kind: 'release',
      code: 'gateway-throttled',
      errorClass: 'pair-too-fast',
      pair: true,
    });
  });

  it('gives the claim back where the customer has opted out', () => {
    expect(verdict({ ...refusal, errorClass: 'opted-out' })).toEqual({
      kind: 'release',
      code: 'recipient-opted-out',
      retryAfter: 0,
      errorClass: 'opted-out',
    });
  });

  it('is a refusal even where LipaChat says that it knows the messageId', () => {
    for (const duplicate of [true, false]) {
      expect(verdict({ ...refusal, duplicate })).toEqual({
        kind: 'rejected',
        code: 'gateway-rejected',
        detail: 'No.',
      });
    }
  });
});

describe('the verdict on a repeat', () => {
  const verdict = (outcome: Outcome) => verdictOn(outcome, { mayHaveLeft: true, ambiguityMode: 'resend' });

  it('is sent where LipaChat knows the messageId, with its answer as the receipt', () => {
    expect(verdict({ ...refusal, duplicate: true })).toEqual({
      kind: 'sent',
      accepted: { kind: 'accepted', envelope: { a: 1 } },
    });
  });

  it.each<[string, Outcome, object]>([
    ['refuses it', refusal, { again: false, reason: expect.stringContaining('rejected a repeat') }],
    [
      'says that the session is closed',
      { kind: 'sessionClosed' },
      { again: false, windowShut: true, reason: expect.stringContaining('window closed') },
    ],
    [
      'refuses the apiKey',
      { kind: 'credentials' },
      { again: true, reason: expect.stringContaining('apiKey') },
    ],
    [
      'does not judge it',
      { kind: 'misconfigured', httpStatus: 404 },
      { again: true, reason: expect.stringContaining('judge') },
    ],
    ['throttles it', { kind: 'throttled' }, { again: true, reason: expect.stringContaining('throttled') }],
    ['cannot be reached', notSent, { again: true, reason: expect.stringContaining('reached') }],
    ['does not answer', { kind: 'ambiguous', reason: 'silence' }, { again: true, reason: 'silence' }],
  ])('is unknown where LipaChat %s', (_, outcome, rest) => {
    expect(verdict(outcome)).toEqual({ kind: 'unknown', ...rest });
  });
});

describe('the throttle reason of a verdict', () => {
  const reasonOf = (outcome: Outcome, mayHaveLeft = false) =>
    throttleReasonOf(verdictOn(outcome, { mayHaveLeft, ambiguityMode: 'resend' }));

  it('is the operator’s trouble where that is the cause', () => {
    expect(reasonOf({ kind: 'credentials' })).toBe('gateway-credentials');
    expect(reasonOf({ kind: 'misconfigured', httpStatus: 404 })).toBe('gateway-misconfigured');
  });

  it('is the class of the code where that holds back other messages, too', () => {
    expect(reasonOf({ kind: 'throttled' })).toBe('wait');
    expect(reasonOf({ ...refusal, errorClass: 'stop-number' })).toBe('stop-number');
  });

  it('is none where the verdict concerns this message alone', () => {
    for (const outcome of [notSent, refusal, { kind: 'throttled', pair: true } as const]) {
      expect(reasonOf(outcome)).toBeUndefined();
    }
    expect(reasonOf({ ...refusal, errorClass: 'held-for-user' })).toBeUndefined();
    expect(throttleReasonOf({ kind: 'unknown', reason: 'silence', again: true })).toBeUndefined();
  });

  it('is none once the message may have left', () => {
    expect(reasonOf({ kind: 'credentials' }, true)).toBeUndefined();
    expect(reasonOf({ kind: 'throttled' }, true)).toBeUndefined();
  });
});
