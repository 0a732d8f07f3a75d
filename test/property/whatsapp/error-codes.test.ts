import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verdictOn } from '../../../src/lib/lipachat/verdict.ts';
import { counted, pauseBefore, retryOf } from '../../../src/lib/messages/backoff.ts';
import { transition } from '../../../src/lib/messages/lifecycle.ts';
import { classOf, ERROR_CLASSES, scheduleOf } from '../../../src/lib/whatsapp/error-codes.ts';
import { later, NEW_IDS, NOW, sampleMessage, sampleRequest } from '../../support/fakes/samples.ts';

const code = fc.oneof(
  fc.integer(),
  fc.integer({ min: -5, max: 400 }),
  fc.integer({ min: 130_000, max: 136_000 }),
  fc.constantFrom(80_007, 131_047, 131_049, 131_050, 131_056),
);

const sentWith = (whenClosed: 'reject' | 'park') =>
  sampleMessage({
    status: 'sent',
    lease: undefined,
    dueAt: undefined,
    answer: { kind: 'sent', body: '{}' },
    sentAt: NOW,
    request: sampleRequest({ whenClosed }),
  });

describe('the error codes', () => {
  it('have an action for every possible code, in the response and in the callback', () => {
    fc.assert(
      fc.property(code, fc.constantFrom('reject', 'park'), (given, whenClosed) => {
        const errorClass = classOf(given);
        expect([undefined, ...ERROR_CLASSES]).toContain(errorClass);
        const refused = {
          kind: 'rejected',
          message: 'Oh',
          errorClass,
          duplicate: false,
          envelope: null,
        } as const;
        const verdict = verdictOn(refused, { mayHaveLeft: false, ambiguityMode: 'resend' });
        expect(['rejected', 'release']).toContain(verdict.kind);
        const report = { status: 'failed', at: later(1), code: given, detail: 'Oh' } as const;
        const after = transition(sentWith(whenClosed), 'reportedFailed', {
          report,
          now: later(1),
          ambiguity: { mode: 'resend' },
          newIds: NEW_IDS,
        });
        const parks = errorClass === 'window-shut' && whenClosed === 'park';
        expect(after.status).toBe(parks ? 'parked' : retryOf(errorClass) ? 'queued' : 'failed');
        // A message that is requeued is not lost: it has a reason, a time and its content.
        expect(after.reason).toMatch(/./);
        expect([after.dueAt !== undefined, after.request !== undefined]).toEqual(
          Array(2).fill(after.status !== 'failed'),
        );
      }),
    );
  });

  it('ask for the same in the response and in the callback, wherever another attempt is due', () => {
    for (const errorClass of ERROR_CLASSES) {
      const retry = retryOf(errorClass);
      if (!retry || errorClass === 'wait' || errorClass === 'pair-too-fast') continue;
      const refused = {
        kind: 'rejected',
        message: 'Oh',
        errorClass,
        duplicate: false,
        envelope: null,
      } as const;
      expect(verdictOn(refused, { mayHaveLeft: false, ambiguityMode: 'resend' })).toEqual({
        kind: 'release',
        ...retry,
      });
    }
  });

  it('end every sequence of failures after at most twenty tries, and none too early', () => {
    const classes = ERROR_CLASSES.filter((name) => retryOf(name));
    fc.assert(
      fc.property(fc.infiniteStream(fc.constantFrom(...classes)), (failures) => {
        let tried = {};
        const pauses: number[] = [];
        for (const errorClass of failures) {
          const retry = retryOf(errorClass) ?? expect.fail();
          const pause = pauseBefore(tried, retry);
          if (pause === undefined) break;
          expect(pause).toBeGreaterThanOrEqual(retry.retryAfter);
          expect(pause).toBeLessThanOrEqual(Math.max(900, scheduleOf(errorClass)?.longestSeconds ?? 0));
          pauses.push(pause);
          tried = counted(tried, errorClass);
        }
        expect(pauses.length).toBeLessThanOrEqual(20);
        expect(pauses.filter((pause) => pause >= 86_400).length).toBeLessThanOrEqual(1);
      }),
    );
  });
});
