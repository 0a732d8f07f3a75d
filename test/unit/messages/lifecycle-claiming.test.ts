/** New messages and take-overs: what is stored, and under which lease. */
import { describe, expect, it } from 'vitest';
import type { ClaimTerms } from '../../../src/lib/messages/lease.ts';
import { newMessage, transition } from '../../../src/lib/messages/lifecycle.ts';
import { fingerprint, type Message } from '../../../src/lib/messages/message.ts';
import {
  CUSTOMER,
  later,
  NOW,
  sampleMessage,
  sampleRequest,
  sampleTerms,
} from '../../support/fakes/samples.ts';

const request = sampleRequest();
const termsWith = (mode: 'resend' | 'hold', changes: Partial<ClaimTerms> = {}): ClaimTerms =>
  sampleTerms({ ambiguity: { mode, resendHorizonSeconds: 900 }, ...changes });
const claiming = (mode: 'resend' | 'hold') => ({ request, clientId: 'client-1', terms: termsWith(mode) });

describe('the claim of a new message', () => {
  it('has its request, a lease, and no attempt yet', () => {
    expect(newMessage('claimed', claiming('resend'))).toEqual({
      messageId: request.messageId,
      clientId: 'client-1',
      fingerprint: fingerprint(request),
      to: CUSTOMER,
      from: request.from,
      flowId: request.flowId,
      request,
      status: 'sending',
      lease: { owner: 'owner-1', until: later(60), phase: 'dispatched' },
      epoch: 1,
      attempts: 0,
      createdAt: NOW,
      firstTryAt: NOW,
      dueAt: later(60),
      expiresAt: later(30 * 86_400),
      timeline: [{ at: NOW, status: 'sending', source: 'api' }],
    });
  });

  it('is not dispatched where nothing ambiguous is repeated', () => {
    expect(newMessage('claimed', claiming('hold')).lease?.phase).toBe('claimed');
  });
});

describe('a message that a worker sends', () => {
  it('is queued without a lease, and due when the queue has lost it', () => {
    const { lease, dueAt, accepted, status, timeline } = newMessage('accepted', claiming('resend'));
    expect({ lease, dueAt, accepted, status, timeline }).toEqual({
      lease: undefined,
      dueAt: later(120),
      accepted: true,
      status: 'queued',
      timeline: [{ at: NOW, status: 'queued', source: 'api' }],
    });
  });
});

describe('a take-over', () => {
  const at = later(90);
  const takeOver = (stored: Message, mode: 'resend' | 'hold' = 'resend') =>
    transition(stored, 'takenOver', termsWith(mode, { owner: 'owner-2', now: at }));

  it('gives the message a new lease and the next epoch, and clears its reason', () => {
    const stored = sampleMessage({ reason: 'silence' });
    expect(takeOver(stored)).toEqual({
      ...stored,
      status: 'sending',
      reason: undefined,
      lease: { owner: 'owner-2', until: later(150), phase: 'dispatched' },
      epoch: 2,
      dueAt: later(150),
    });
  });

  it('starts the resend horizon of a queued message, and keeps that of another', () => {
    const queued = sampleMessage({ status: 'queued', lease: undefined, firstTryAt: undefined });
    expect(takeOver(queued).firstTryAt).toEqual(at);
    expect(takeOver(sampleMessage()).firstTryAt).toEqual(NOW);
  });

  it.each([
    ['queued', undefined, 'hold', 'claimed'],
    ['queued', undefined, 'resend', 'dispatched'],
    ['sending', 'claimed', 'hold', 'claimed'],
    ['sending', 'claimed', 'resend', 'dispatched'],
    ['sending', 'dispatched', 'resend', 'dispatched'],
  ] as const)('of one that is %s and %s, with `%s`, is %s', (status, before, mode, phase) => {
    const lease = before && { owner: 'owner-1', until: later(60), phase: before };
    expect(takeOver(sampleMessage({ status, lease }), mode).lease?.phase).toBe(phase);
  });

  it.each([
    [
      'while the lease holds',
      sampleMessage({ lease: { owner: 'owner-1', until: later(91), phase: 'claimed' } }),
    ],
    ['past the horizon', sampleMessage({ firstTryAt: later(-811) })],
  ])('does not happen %s', (_, stored) => {
    expect(takeOver(stored)).toBe(stored);
  });
});
