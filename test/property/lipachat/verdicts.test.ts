import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextStep, type Tries, verdictOn } from '../../../src/lib/lipachat/verdict.ts';
import type { Outcome } from '../../../src/lib/messages/outcome.ts';
import { ERROR_CLASSES, type ErrorClass } from '../../../src/lib/whatsapp/error-codes.ts';

const reason = fc.string({ minLength: 1 });
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({ kind: fc.constant('accepted' as const), envelope: fc.anything() }),
  fc.record({
    kind: fc.constant('rejected' as const),
    message: reason,
    errorClass: fc.constantFrom(undefined, ...ERROR_CLASSES),
    duplicate: fc.boolean(),
    envelope: fc.constant(null),
  }),
  fc.constantFrom<Outcome>({ kind: 'credentials' }, { kind: 'sessionClosed' }, { kind: 'throttled' }),
  fc.record({
    kind: fc.constant('misconfigured' as const),
    httpStatus: fc.nat(999),
    said: fc.option(reason, { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('throttled' as const), retryAfterMs: fc.nat(1e7) }),
  fc.record({ kind: fc.constant('throttled' as const), pair: fc.constant(true as const) }),
  fc.record({ kind: fc.constant('notSent' as const), reason }),
  fc.record({ kind: fc.constant('ambiguous' as const), reason }),
);

const tries: fc.Arbitrary<Tries> = fc
  .record({
    calls: fc.integer({ min: 1, max: 10 }),
    maxCalls: fc.integer({ min: 1, max: 10 }),
    msLeft: fc.integer({ min: -1_000, max: 30_000 }),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    ambiguityMode: fc.constantFrom('resend', 'hold'),
  })
  .filter(({ calls, maxCalls }) => calls <= maxCalls);

/** Classes in which the number, the template, the customer's opt-out or an unknown cause refused the message. */
const NOT_ITS_FAULT = new Set<ErrorClass | undefined>([
  'stop-number',
  'content-held',
  'content-blocked',
  'cannot-tell',
  'held-for-user',
  'opted-out',
]);

/** The customer has to write first, or to opt in: no time can be given for that. */
const WITHOUT_A_TIME = new Set<string>(['session-closed', 'recipient-opted-out']);

describe('the verdict on a call', () => {
  it('is one of four for every outcome, and never an exception', () => {
    fc.assert(
      fc.property(outcome, fc.boolean(), (given, mayHaveLeft) => {
        expect(['sent', 'rejected', 'release', 'unknown']).toContain(
          verdictOn(given, { mayHaveLeft, ambiguityMode: 'resend' }).kind,
        );
      }),
    );
  });

  it('never gives a claim back, and never refuses the message, once the message may have left', () => {
    fc.assert(
      fc.property(outcome, (given) => {
        expect(['sent', 'unknown']).toContain(
          verdictOn(given, { mayHaveLeft: true, ambiguityMode: 'resend' }).kind,
        );
      }),
    );
  });

  it('is `sent` after a receipt or a repeat that is already known, and never otherwise', () => {
    fc.assert(
      fc.property(outcome, fc.boolean(), (given, mayHaveLeft) => {
        const isReceipt = given.kind === 'accepted';
        const isKnownRepeat = given.kind === 'rejected' && given.duplicate && mayHaveLeft;
        expect(verdictOn(given, { mayHaveLeft, ambiguityMode: 'resend' }).kind === 'sent').toBe(
          isReceipt || isKnownRepeat,
        );
      }),
    );
  });

  it("never blames the message for a fault on the operator's side", () => {
    fc.assert(
      fc.property(outcome, fc.boolean(), (given, mayHaveLeft) => {
        const ofNobody = given.kind === 'rejected' && NOT_ITS_FAULT.has(given.errorClass);
        fc.pre(
          ofNobody ||
            ['credentials', 'misconfigured', 'throttled', 'notSent', 'sessionClosed'].includes(given.kind),
        );
        expect(verdictOn(given, { mayHaveLeft, ambiguityMode: 'resend' }).kind).not.toBe('rejected');
      }),
    );
  });

  it("is a refusal with its code and the gateway's own text", () => {
    fc.assert(
      fc.property(outcome, (given) => {
        const verdict = verdictOn(given, { mayHaveLeft: false, ambiguityMode: 'resend' });
        if (verdict.kind !== 'rejected') return;
        const detail = given.kind === 'rejected' ? given.message : undefined;
        expect(verdict).toEqual({ kind: 'rejected', code: 'gateway-rejected', detail });
      }),
    );
  });

  it('gives the reason when the outcome is unknown', () => {
    fc.assert(
      fc.property(outcome, fc.boolean(), (given, mayHaveLeft) => {
        const verdict = verdictOn(given, { mayHaveLeft, ambiguityMode: 'resend' });
        if (verdict.kind === 'unknown') expect(verdict.reason).toMatch(/./);
      }),
    );
  });

  it('gives a claim back with a time to retry, if there is one', () => {
    fc.assert(
      fc.property(outcome, (given) => {
        const verdict = verdictOn(given, { mayHaveLeft: false, ambiguityMode: 'resend' });
        if (verdict.kind !== 'release' || WITHOUT_A_TIME.has(verdict.code)) return;
        expect(Number.isInteger(verdict.retryAfter) && verdict.retryAfter >= 1).toBe(true);
      }),
    );
  });

  it('is not retried automatically while the window is closed, or after a refusal', () => {
    fc.assert(
      fc.property(outcome, (given) => {
        const verdict = verdictOn(given, { mayHaveLeft: true, ambiguityMode: 'resend' });
        if (verdict.kind !== 'unknown') return;
        const isHopeless = given.kind === 'sessionClosed' || given.kind === 'rejected';
        expect(verdict.again).toBe(!isHopeless);
      }),
    );
  });
});

describe('the step after a call', () => {
  const stepsOf = (check: (given: Outcome, at: Tries, step: ReturnType<typeof nextStep>) => void) =>
    fc.assert(fc.property(outcome, tries, (given, at) => check(given, at, nextStep(given, at))));

  it('is to stop after a response that settles the message', () => {
    stepsOf((given, _, step) => {
      if (['accepted', 'rejected', 'misconfigured', 'sessionClosed'].includes(given.kind))
        expect(step.kind).toBe('stop');
    });
  });

  it('is never a repeat of a message that may have left, when repeats are off', () => {
    stepsOf((given, { ambiguityMode }, step) => {
      if (given.kind === 'ambiguous' && ambiguityMode === 'hold') expect(step.kind).toBe('stop');
    });
  });

  it('is never a repeat within the invocation for a customer who gets too many messages', () => {
    stepsOf((given, _, step) => {
      if (given.kind === 'throttled' && given.pair) expect(step.kind).toBe('stop');
    });
  });

  it('never exceeds the number of calls or the deadline', () => {
    stepsOf((_, { calls, maxCalls, msLeft }, step) => {
      if (step.kind === 'stop') return;
      expect(msLeft).toBeGreaterThan(step.kind === 'retry' ? step.delayMs : 0);
      if (step.kind === 'retry') expect(calls).toBeLessThan(maxCalls);
    });
  });

  it('never waits longer than two seconds, nor shorter than requested', () => {
    stepsOf((given, _, step) => {
      if (step.kind !== 'retry') return;
      expect(step.delayMs).toBeGreaterThanOrEqual(0);
      expect(step.delayMs).toBeLessThanOrEqual(2_000);
      if (given.kind === 'throttled') expect(step.delayMs).toBeGreaterThanOrEqual(given.retryAfterMs ?? 0);
    });
  });

  it('is to read another key only after the key was refused', () => {
    stepsOf((given, _, step) => {
      if (step.kind === 'refreshKey') expect(given.kind).toBe('credentials');
    });
  });
});
