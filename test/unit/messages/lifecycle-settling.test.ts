/** The end of an attempt: the fields that a receipt, a refusal and an unknown outcome write. */
import { describe, expect, it } from 'vitest';
import { fenceOf } from '../../../src/lib/messages/lease.ts';
import { transition, unsettled } from '../../../src/lib/messages/lifecycle.ts';
import type { Message } from '../../../src/lib/messages/message.ts';
import type { Receipt } from '../../../src/lib/messages/receipt.ts';
import { later, NOW, sampleMessage, sampleTerms } from '../../support/fakes/samples.ts';

const DAY_S = 86_400;
const claim = sampleMessage();
const fence = fenceOf(claim);
const session = { open: true, expiresAt: '2026-01-03T03:04:05.000Z' };
const settling = { now: later(2), calls: 2, retentionDays: 30 };
const settled = {
  lease: undefined,
  request: undefined,
  dueAt: undefined,
  attempts: 2,
  expiresAt: later(2 + 30 * DAY_S),
};

const bodyOf = (message: Message): Receipt | undefined =>
  message.answer?.kind === 'sent' ? (JSON.parse(message.answer.body) as Receipt) : undefined;

describe('a receipt of LipaChat', () => {
  const settle = (stored: Message, waId?: string) => {
    const accepted = { kind: 'accepted', envelope: { ok: 1 }, ...(waId ? { waId } : {}) } as const;
    return transition(stored, 'gatewayAccepted', { ...settling, accepted, session });
  };

  it('is the message’s answer, and ends its attempt', () => {
    const sent = settle({ ...claim, reason: 'silence' }, 'wamid.1');
    const { answer: _, ...rest } = sent;
    expect(rest).toEqual({
      ...claim,
      ...settled,
      request: claim.request,
      status: 'sent',
      waId: 'wamid.1',
      sentAt: later(2),
      reason: undefined,
      timeline: [...claim.timeline, { at: later(2), status: 'sent', source: 'gateway' }],
    });
    expect(bodyOf(sent)).toMatchObject({
      status: 'sent',
      waId: 'wamid.1',
      attempts: 2,
      session,
      gateway: { ok: 1 },
      sentAt: later(2).toISOString(),
    });
    expect(bodyOf(sent)).not.toHaveProperty('reason');
  });

  it('keeps the id and the time of a callback that was faster, and says `sent` all the same', () => {
    const stored: Message = { ...claim, status: 'read', waId: 'wamid.0', sentAt: later(1) };
    const sent = settle(stored);
    expect(sent).toMatchObject({ status: 'read', waId: 'wamid.0', sentAt: later(1) });
    expect(bodyOf(sent)?.status).toBe('sent');
    expect(settle(stored, 'wamid.1').waId).toBe('wamid.1');
  });

  it('keeps the reason of a failure that a callback has reported', () => {
    const stored: Message = { ...claim, status: 'failed', reason: 'undeliverable' };
    expect(settle(stored).reason).toBe('undeliverable');
    expect(bodyOf(settle(stored))).not.toHaveProperty('reason');
  });
});

describe('an answer that a callback has proved', () => {
  const finalize = (stored: Message) =>
    transition(stored, 'answerMissing', { ...settling, session, correlationId: 'c-1' });

  it('is a receipt without LipaChat’s own answer', () => {
    const final = finalize({ ...claim, status: 'delivered' });
    const { answer: _, ...rest } = final;
    expect(rest).toEqual({ ...claim, ...settled, status: 'delivered' });
    expect(bodyOf(final)).toMatchObject({ status: 'sent', gateway: null, session, attempts: 2 });
  });

  it.each([
    ['undeliverable', 'undeliverable'],
    [undefined, 'WhatsApp reported a failure'],
  ])('is a refusal with the reason of the failure: %s', (reason, detail) => {
    expect(finalize({ ...claim, status: 'failed', reason }).answer).toEqual({
      kind: 'rejected',
      code: 'gateway-rejected',
      detail,
      correlationId: 'c-1',
    });
  });
});

describe('a refusal', () => {
  it('is the message’s answer, and ends its attempt', () => {
    const refusal = { code: 'session-closed', detail: 'The window is shut.', correlationId: 'c-1' } as const;
    expect(transition(claim, 'refused', { ...settling, ...refusal, fence })).toEqual({
      ...claim,
      ...settled,
      status: 'failed',
      reason: 'The window is shut.',
      answer: { kind: 'rejected', ...refusal },
      timeline: [
        ...claim.timeline,
        { at: later(2), status: 'failed', source: 'gateway', detail: 'The window is shut.' },
      ],
    });
  });
});

describe('an unknown outcome', () => {
  it('keeps the request and counts the calls', () => {
    expect(transition(claim, 'outcomeUnknown', { ...settling, fence, reason: 'silence' })).toEqual({
      ...claim,
      status: 'unknown',
      lease: undefined,
      attempts: 2,
      reason: 'silence',
      dueAt: undefined,
      timeline: [
        ...claim.timeline,
        { at: later(2), status: 'unknown', source: 'gateway', detail: 'silence' },
      ],
    });
  });

  const hold = sampleTerms({
    owner: 'owner-2',
    now: later(60),
    ambiguity: { mode: 'hold', resendHorizonSeconds: 900 },
  });
  const forbid = (stored: Message, nextTryAt?: Date) =>
    transition(stored, 'repeatForbidden', { terms: hold, now: later(60), reason: 'silence', nextTryAt });

  it('is marked after the lease where a repeat is not allowed', () => {
    expect(forbid(claim)).toMatchObject({ status: 'unknown', reason: 'silence' });
    expect([forbid(claim).lease, forbid(claim).dueAt]).toEqual([undefined, undefined]);
    const early = { ...hold, now: later(59) };
    expect(transition(claim, 'repeatForbidden', { terms: early, now: later(59), reason: 'x' })).toBe(claim);
  });

  it('is marked once, unless the message has a lease or a time at which it is due', () => {
    const marked = forbid(claim);
    expect(forbid(marked)).toBe(marked);
    expect(forbid(marked, later(90)).dueAt).toEqual(later(90));
    expect(forbid({ ...marked, dueAt: later(90) }).dueAt).toBeUndefined();
    expect(forbid({ ...marked, lease: claim.lease }).lease).toBeUndefined();
    expect(forbid({ ...marked, status: 'sending' }).status).toBe('unknown');
  });
});

describe('a message that is given up', () => {
  it('ends its lease undispatched, so that a caller’s repeat starts afresh', () => {
    expect(transition(claim, 'givenUp', { fence, now: later(2), reason: 'too late' })).toEqual({
      ...claim,
      status: 'unknown',
      lease: { owner: 'owner-1', until: later(2), phase: 'claimed' },
      reason: 'too late',
      dueAt: undefined,
      timeline: [
        ...claim.timeline,
        { at: later(2), status: 'unknown', source: 'gateway', detail: 'too late' },
      ],
    });
  });
});

describe('what a caller reads while the outcome cannot be stored', () => {
  it('is `unknown` without a lease, and the stored message stays as it is', () => {
    const shown = { dueAt: later(60), reason: 'the store does not answer' };
    expect(unsettled(claim, shown)).toEqual({ ...claim, ...shown, status: 'unknown', lease: undefined });
    expect(claim).toMatchObject({ status: 'sending', createdAt: NOW });
  });
});
