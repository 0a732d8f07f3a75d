/** What a caller or the sweeper does with a stored message: by answer, lease, status and resend horizon. */
import { describe, expect, it } from 'vitest';
import {
  type ClaimTerms,
  decideClaim,
  dispatched,
  fenceOf,
  holds,
  isFresh,
  mayResend,
  undispatched,
} from '../../../src/lib/messages/lease.ts';
import type { Lease, Message } from '../../../src/lib/messages/message.ts';
import { later, sampleMessage, sampleTerms } from '../../support/fakes/samples.ts';

const HORIZON_S = 900;

/** Claimed by owner-1 for 60 s, and dispatched. */
const stored = sampleMessage();
const lease = (changes: Partial<Lease> = {}): Lease => ({
  owner: 'owner-1',
  until: later(60),
  phase: 'dispatched',
  ...changes,
});
/** Another owner, so many seconds later. */
const other = (seconds: number, mode: 'resend' | 'hold' = 'resend'): ClaimTerms =>
  sampleTerms({
    owner: 'owner-2',
    now: later(seconds),
    ambiguity: { mode, resendHorizonSeconds: HORIZON_S },
  });

describe('a message with its answer', () => {
  const answer = { kind: 'sent', body: '{}' } as const;

  it('is replayed while nothing of it is under way', () => {
    for (const status of ['sent', 'read', 'failed', 'queued', 'parked', 'expired'] as const) {
      const answered: Message = { ...stored, status, answer, lease: undefined };
      expect(decideClaim(answered, sampleTerms())).toEqual({ kind: 'replay', answer });
    }
  });

  it('is finished like any other while a resend of it is under way', () => {
    const resent: Message = { ...stored, answer };
    expect(decideClaim(resent, other(59)).kind).toBe('inProgress');
    expect(decideClaim(resent, other(60)).kind).toBe('takeOver');
    expect(decideClaim({ ...resent, status: 'delivered' }, other(60)).kind).toBe('finalize');
    const unknown: Message = { ...resent, status: 'unknown', lease: undefined };
    expect(decideClaim(unknown, other(60)).kind).toBe('takeOver');
    expect(decideClaim(unknown, other(60, 'hold')).kind).toBe('markUnknown');
  });
});

describe('a message under our own lease', () => {
  it('is ours, even after the end of the lease', () => {
    expect(decideClaim(stored, sampleTerms({ now: later(61) }))).toEqual({
      kind: 'ours',
      mayHaveLeft: false,
    });
  });

  it.each([
    [1, 'claimed', false],
    [1, 'dispatched', false],
    [2, 'claimed', false],
    [2, 'dispatched', true],
  ] as const)('may have left only from an earlier owner: epoch %i, %s', (epoch, phase, mayHaveLeft) => {
    const ours = { ...stored, epoch, lease: lease({ phase }) };
    expect(decideClaim(ours, sampleTerms())).toEqual({ kind: 'ours', mayHaveLeft });
  });

  it('needs only its answer once a callback has proved it', () => {
    expect(decideClaim({ ...stored, status: 'delivered' }, sampleTerms())).toEqual({ kind: 'finalize' });
  });
});

describe('a message under the lease of another owner', () => {
  it.each([
    [0, 60],
    [0.5, 60],
    [59, 1],
    [59.999, 1],
  ])('is in progress %d s after the claim, for %i s at most', (seconds, retryAfter) => {
    expect(decideClaim(stored, other(seconds))).toEqual({ kind: 'inProgress', retryAfter });
  });

  it('is in progress even where a callback has proved it', () => {
    expect(decideClaim({ ...stored, status: 'read' }, other(59)).kind).toBe('inProgress');
  });

  it('may be taken over from the instant at which the lease ends', () => {
    expect(decideClaim(stored, other(60))).toEqual({ kind: 'takeOver', mayHaveLeft: true });
  });
});

describe('a message without a lease that holds', () => {
  it.each(['sent', 'failed', 'delivered', 'read'] as const)('needs only its answer as %s', (status) => {
    expect(decideClaim({ ...stored, status, lease: undefined }, other(1))).toEqual({ kind: 'finalize' });
    expect(decideClaim({ ...stored, status }, other(60))).toEqual({ kind: 'finalize' });
  });

  it.each(['queued', 'parked', 'expired'] as const)('is reported as it is while %s', (status) => {
    for (const mode of ['resend', 'hold'] as const) {
      expect(decideClaim({ ...stored, status, lease: undefined }, other(1, mode))).toEqual({
        kind: 'report',
      });
    }
  });

  it('starts afresh where nothing was dispatched, with either policy and past the horizon', () => {
    const claimed = { ...stored, lease: lease({ phase: 'claimed' }) };
    for (const mode of ['resend', 'hold'] as const) {
      for (const seconds of [60, HORIZON_S + 1]) {
        expect(decideClaim(claimed, other(seconds, mode))).toEqual({ kind: 'takeOver', mayHaveLeft: false });
      }
    }
  });

  it('is repeated within the horizon, and unknown from its end on', () => {
    const unknown = { ...stored, status: 'unknown', lease: undefined } as const;
    expect(decideClaim(unknown, other(HORIZON_S - 1))).toEqual({ kind: 'takeOver', mayHaveLeft: true });
    expect(decideClaim(unknown, other(HORIZON_S))).toEqual({ kind: 'markUnknown' });
  });

  it('is unknown at once where a repeat is not allowed', () => {
    expect(decideClaim(stored, other(60, 'hold'))).toEqual({ kind: 'markUnknown' });
  });
});

describe('the resend horizon', () => {
  it('counts from the first try, or else from the creation', () => {
    const { firstTryAt: _, ...untried } = stored;
    const retried = { ...stored, firstTryAt: later(100) };
    const at = (seconds: number) => other(seconds);
    expect([isFresh(untried, at(HORIZON_S - 1)), isFresh(untried, at(HORIZON_S))]).toEqual([true, false]);
    expect([isFresh(retried, at(HORIZON_S + 99)), isFresh(retried, at(HORIZON_S + 100))]).toEqual([
      true,
      false,
    ]);
  });

  it('allows a repeat only with the policy `resend`', () => {
    expect(mayResend(stored, other(1, 'resend'))).toBe(true);
    expect(mayResend(stored, other(1, 'hold'))).toBe(false);
    expect(mayResend(stored, other(HORIZON_S, 'resend'))).toBe(false);
  });
});

describe('the fence of a claim', () => {
  const fence = fenceOf(stored);

  it('is its owner and its epoch', () => {
    expect(fence).toEqual({ owner: 'owner-1', epoch: 1 });
    expect(fenceOf({ ...stored, lease: undefined })).toEqual({ owner: '', epoch: 1 });
  });

  it('holds for this owner in this epoch alone', () => {
    expect(holds(fence, stored)).toBe(true);
    expect(holds(fence, { ...stored, epoch: 2 })).toBe(false);
    expect(holds(fence, { ...stored, lease: lease({ owner: 'owner-2' }) })).toBe(false);
    expect(holds(fence, { ...stored, lease: undefined })).toBe(false);
  });

  it('guards the mark that the request may leave', () => {
    const claimed = { ...stored, lease: lease({ phase: 'claimed' }) };
    expect(dispatched(claimed, fence)).toEqual(stored);
    expect(dispatched({ ...claimed, epoch: 2 }, fence)).toBeUndefined();
  });

  it('guards the way back from that mark', () => {
    const claimed = { ...stored, lease: lease({ phase: 'claimed' }) };
    const stolen = { ...stored, epoch: 2 };
    expect(undispatched(stored, fence)).toEqual(claimed);
    expect(undispatched(claimed, fence)).toBe(claimed);
    expect(undispatched(stolen, fence)).toBe(stolen);
  });
});
