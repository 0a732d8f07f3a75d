/** The guards of the table of transitions, status by status. Stryker does not change a table that is `as const`. */
import { describe, expect, it } from 'vitest';
import { EVENT_OF_REPORT, transition } from '../../../src/lib/messages/lifecycle.ts';
import type { Message } from '../../../src/lib/messages/message.ts';
import type { ReportedStatus, Status } from '../../../src/lib/messages/status.ts';
import {
  later,
  NEW_IDS,
  NOW,
  sampleMessage,
  sampleRequest,
  sampleTerms,
} from '../../support/fakes/samples.ts';

const REPORTED = ['sent', 'failed', 'delivered', 'read'] as const;
const UNPROVEN = ['queued', 'parked', 'expired', 'sending', 'unknown'] as const;
const OWNED = ['sending', ...REPORTED] as const;

const fence = { owner: 'owner-1', epoch: 1 };
const settling = { now: later(1), calls: 1, retentionDays: 30, session: { open: true, expiresAt: null } };
const accepted = { kind: 'accepted', envelope: {} } as const;
const receipt = { kind: 'sent', body: '{}' } as const;
const inStatus = (status: Status, changes: Partial<Message> = {}): Message =>
  sampleMessage({
    request: sampleRequest({ whenClosed: 'park', parkForSeconds: 3_600 }),
    ...changes,
    status,
  });
const report = (stored: Message, status: ReportedStatus, waId: string, code?: number) =>
  transition(stored, EVENT_OF_REPORT[status], {
    report: { status, at: NOW, waId, code },
    now: NOW,
    ambiguity: { mode: 'resend' },
    newIds: NEW_IDS,
  });

describe.each([...UNPROVEN, ...REPORTED])('a message that is %s', (status) => {
  const resent = inStatus(status, { waId: 'wamid.2', retiredWaIds: ['wamid.1'], resends: 1 });

  it('is not changed by a report that an earlier send was sent or failed', () => {
    for (const reported of ['sent', 'failed'] as const)
      expect(report(resent, reported, 'wamid.1', 130_429)).toBe(resent);
  });

  it('advances by proof that an earlier send was delivered, and is not sent again', () => {
    for (const reported of ['delivered', 'read'] as const) {
      const after = report(resent, reported, 'wamid.1');
      expect(after.status).toBe(status === 'read' ? 'read' : reported);
      expect(after).toMatchObject({ request: undefined, waId: 'wamid.2' });
    }
  });

  it('is delivered by the reply of its customer, and is not sent again', () => {
    const reply = { id: 'in-1', at: later(5), response: {}, matchedBy: 'context' } as const;
    const facts = { reply, quotedWaId: 'wamid.1', now: later(6) };
    const after = transition({ ...resent, waId: undefined }, 'replied', facts);
    expect(after.status).toBe(status === 'read' ? 'read' : 'delivered');
    expect(after).toMatchObject({ reply, request: undefined, waId: 'wamid.1', reason: undefined });
    expect(transition(after, 'replied', { ...facts, reply: { ...reply, id: 'in-2' } })).toBe(after);
  });

  it('keeps the answer that it has', () => {
    const stored = inStatus(status, { answer: receipt });
    expect(transition(stored, 'gatewayAccepted', { ...settling, accepted }).answer).toBe(receipt);
    expect(transition(stored, 'answerMissing', { ...settling, correlationId: 'c' }).answer).toBe(receipt);
  });
});

const pausing = { now: NOW, delaySeconds: 5, errorClass: undefined, reason: 'wait' };

describe('a message that its owner is sending', () => {
  it('waits again where its owner learns that nothing was sent', () => {
    const stored = inStatus('sending');
    expect(transition(stored, 'windowClosed', { fence, now: NOW, templateId: 'template-1' }).status).toBe(
      'parked',
    );
    expect(transition(stored, 'postponed', { ...pausing, fence }).status).toBe('queued');
  });
});

describe.each(REPORTED)('a message that is proved to be %s', (status) => {
  it('is not taken back by its owner', () => {
    const stored = inStatus(status);
    expect(transition(stored, 'windowClosed', { fence, now: NOW, templateId: 'template-1' })).toBe(stored);
    expect(transition(stored, 'postponed', { ...pausing, fence })).toBe(stored);
  });

  it('is settled once: an answer without a lease ends it', () => {
    const stored = inStatus(status, { answer: receipt, lease: undefined, dueAt: undefined });
    expect(transition(stored, 'gatewayAccepted', { ...settling, accepted })).toBe(stored);
    expect(transition(stored, 'answerMissing', { ...settling, correlationId: 'c' })).toBe(stored);
  });

  it('has the owner of a resend let go of it, with the first answer', () => {
    const stored = inStatus(status, { answer: receipt });
    for (const after of [
      transition(stored, 'gatewayAccepted', { ...settling, accepted }),
      transition(stored, 'answerMissing', { ...settling, correlationId: 'c' }),
    ]) {
      expect(after).toMatchObject({ status, answer: receipt });
      expect([after.lease, after.dueAt]).toEqual([undefined, undefined]);
    }
  });
});

describe.each(OWNED)('a message that its owner has claimed and that is %s', (status) => {
  it('is not changed by an earlier owner', () => {
    const stored = inStatus(status, { epoch: 2 });
    const refusal = { ...settling, code: 'gateway-rejected', detail: 'No.', correlationId: 'c' } as const;
    expect(transition(stored, 'windowClosed', { fence, now: NOW, templateId: 'template-1' })).toBe(stored);
    expect(transition(stored, 'postponed', { ...pausing, fence })).toBe(stored);
    expect(transition(stored, 'refused', { ...refusal, fence })).toBe(stored);
    expect(transition(stored, 'outcomeUnknown', { ...settling, fence, reason: 'silence' })).toBe(stored);
    expect(transition(stored, 'givenUp', { fence, now: NOW, reason: 'too late' })).toBe(stored);
  });
});

describe('a report', () => {
  it.each([...UNPROVEN, ...REPORTED])('takes a message that is %s only forward', (status) => {
    const order: readonly Status[] = REPORTED;
    for (const reported of REPORTED) {
      const isOfEarlierSend = reported === 'failed' && ['queued', 'parked', 'expired'].includes(status);
      const further = order.indexOf(reported) > order.indexOf(status) && !isOfEarlierSend ? reported : status;
      const stored = inStatus(status, { request: undefined });
      expect([reported, report(stored, reported, 'wamid.1').status]).toEqual([reported, further]);
    }
  });
});

describe('a message of unknown outcome', () => {
  const unknown = inStatus('unknown', { lease: undefined, dueAt: later(30) });
  const terms = (seconds: number) => sampleTerms({ owner: 'owner-2', now: later(seconds) });
  const forbid = (seconds: number) =>
    transition(unknown, 'repeatForbidden', { terms: terms(seconds), now: later(seconds), reason: 'late' });

  it('is taken over within the resend horizon alone', () => {
    expect(transition(unknown, 'takenOver', terms(899)).status).toBe('sending');
    expect(transition(unknown, 'takenOver', terms(900))).toBe(unknown);
  });

  it('is left alone past the resend horizon alone', () => {
    expect(forbid(899)).toBe(unknown);
    expect(forbid(900)).toMatchObject({ status: 'unknown', reason: 'late' });
    expect(forbid(900).dueAt).toBeUndefined();
  });
});
