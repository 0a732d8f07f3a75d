/** Rules for settling a message: its owner by a refusal or as unknown, any process by a receipt, and never twice. */
import { describe, expect, it } from 'vitest';
import { fenceOf } from '../../../src/lib/messages/lease.ts';
import { transition } from '../../../src/lib/messages/lifecycle.ts';
import type { Message } from '../../../src/lib/messages/message.ts';
import { later, NOW, sampleMessage, sampleTerms } from '../../support/fakes/samples.ts';

const claim = sampleMessage();
const fence = fenceOf(claim);

/** The same message, taken over by another process after the owner's lease. */
const stolen = transition(claim, 'takenOver', sampleTerms({ owner: 'owner-2', now: later(60) }));
const proven: Message = { ...claim, status: 'delivered' };
const refused: Message = {
  ...claim,
  answer: { kind: 'rejected', code: 'gateway-rejected', detail: 'No.', correlationId: 'c' },
};

const settling = { now: later(1), calls: 1, retentionDays: 30 };
const session = { open: true, expiresAt: null };
const accepted = { kind: 'accepted', waId: 'wamid.1', envelope: {} } as const;

const settlements = {
  sent: (stored: Message) => transition(stored, 'gatewayAccepted', { ...settling, accepted, session }),
  rejected: (stored: Message) =>
    transition(stored, 'refused', {
      ...settling,
      fence,
      code: 'gateway-rejected',
      detail: 'No.',
      correlationId: 'c',
    }),
  unknown: (stored: Message) =>
    transition(stored, 'outcomeUnknown', { ...settling, fence, reason: 'silence' }),
  finalized: (stored: Message) =>
    transition(stored, 'answerMissing', { ...settling, session, correlationId: 'c' }),
};

type Settlement = keyof typeof settlements;

const settle = (how: Settlement, stored: Message): Message => settlements[how](stored);

describe('a message', () => {
  it.each(Object.keys(settlements) as Settlement[])('with a final answer keeps it: %s', (how) => {
    expect(settle(how, refused).answer).toBe(refused.answer);
  });

  it.each(['rejected', 'unknown'] as const)('of another owner is not settled as %s', (how) => {
    expect(settle(how, stolen)).toBe(stolen);
  });

  it('of another owner is settled by a late receipt, because a receipt is a fact', () => {
    expect(settle('sent', stolen)).toMatchObject({
      status: 'sent',
      answer: { kind: 'sent' },
      lease: undefined,
    });
  });

  it('belongs to an owner only if both the name and the epoch match', () => {
    for (const other of [
      { owner: 'owner-2', epoch: 1 },
      { owner: 'owner-1', epoch: 2 },
    ]) {
      const settlement = { ...settling, fence: other, reason: 'silence' };
      expect(transition(claim, 'outcomeUnknown', settlement)).toBe(claim);
    }
  });

  it('that a callback has proved cannot become unknown', () => {
    expect(settle('unknown', proven)).toBe(proven);
  });

  it('that nothing has proved is not finalized', () => {
    expect(settle('finalized', claim)).toBe(claim);
    expect(settle('finalized', { ...claim, status: 'unknown' }).answer).toBeUndefined();
  });

  it.each([
    ['sent', 'sent'],
    ['delivered', 'sent'],
    ['read', 'sent'],
    ['failed', 'rejected'],
  ] as const)('that a callback reports as %s is finalized as %s', (status, kind) => {
    expect(settle('finalized', { ...claim, status })).toMatchObject({ status, answer: { kind } });
  });

  it.each(['sent', 'rejected'] as const)('has nothing left to do once it is settled: %s', (how) => {
    const { lease, dueAt, expiresAt } = settle(how, claim);
    expect([lease, dueAt]).toEqual([undefined, undefined]);
    expect(expiresAt).toEqual(later(1 + 30 * 86_400));
  });

  it.each<[Settlement, string, Message]>([
    ['sent', 'sent', claim],
    ['finalized', 'sent', { ...claim, status: 'sent' }],
  ])('keeps its content while a failure may still be reported: %s', (how, status, stored) => {
    expect(settle(how, stored)).toMatchObject({ status, request: claim.request });
  });

  it.each<[Settlement, Message]>([
    ['rejected', claim],
    ['sent', { ...claim, status: 'delivered' }],
    ['sent', { ...claim, status: 'failed' }],
    ['finalized', { ...claim, status: 'read' }],
    ['finalized', { ...claim, status: 'failed' }],
  ])('drops its content once it has reached its end: %s', (how, stored) => {
    const { request, answer } = settle(how, stored);
    expect([request, answer]).toEqual([undefined, expect.anything()]);
  });

  it('that becomes unknown keeps its content, and is due when it is to be repeated', () => {
    const next = later(31);
    const settlement = { ...settling, fence, reason: 'silence', nextTryAt: next };
    const again = transition(claim, 'outcomeUnknown', settlement);
    expect(again).toMatchObject({
      status: 'unknown',
      reason: 'silence',
      dueAt: next,
      request: claim.request,
    });
    expect(again.lease).toBeUndefined();
    expect(settle('unknown', claim).dueAt).toBeUndefined();
  });

  it('counts the calls of all its owners', () => {
    const once = settle('unknown', claim);
    const twice = transition(once, 'takenOver', sampleTerms({ owner: 'owner-2', now: NOW }));
    expect(settle('sent', twice)).toMatchObject({ attempts: 2, epoch: 2 });
  });
});
