/** The guards of the table of transitions, status by status. Stryker does not change a table that is `as const`. */
import { describe, expect, it } from 'vitest';
import { EVENT_OF_REPORT, transition } from '../../../src/lib/messages/lifecycle.ts';
import type { Message } from '../../../src/lib/messages/message.ts';
import type { ReportedStatus, Status } from '../../../src/lib/messages/status.ts';
import { later, NOW, sampleMessage, sampleRequest, sampleTerms } from '../../support/fakes/samples.ts';

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
  transition(stored, EVENT_OF_REPORT[status], { report: { status, at: NOW, waId, code }, now: NOW });

describe.each([...UNPROVEN, ...REPORTED])('a message that is %s', (status) => {
  it('is not changed by a report about an earlier send', () => {
    const stored = inStatus(status, { waId: 'wamid.2', retiredWaIds: ['wamid.1'] });
    for (const reported of REPORTED) expect(report(stored, reported, 'wamid.1', 130_429)).toBe(stored);
  });

  it('keeps the answer that it has', () => {
    const stored = inStatus(status, { answer: receipt });
    expect(transition(stored, 'gatewayAccepted', { ...settling, accepted })).toBe(stored);
    expect(transition(stored, 'answerMissing', { ...settling, correlationId: 'c' })).toBe(stored);
  });
});

describe.each(OWNED)('a message that its owner has claimed and that is %s', (status) => {
  const pausing = { now: NOW, delaySeconds: 5, errorClass: undefined, reason: 'wait' };

  it('waits again where its owner learns that nothing was sent', () => {
    const stored = inStatus(status);
    expect(transition(stored, 'windowClosed', { fence, now: NOW }).status).toBe('parked');
    expect(transition(stored, 'postponed', { ...pausing, fence }).status).toBe('queued');
  });

  it('is not changed by an earlier owner', () => {
    const stored = inStatus(status, { epoch: 2 });
    const refusal = { ...settling, code: 'gateway-rejected', detail: 'No.', correlationId: 'c' } as const;
    expect(transition(stored, 'windowClosed', { fence, now: NOW })).toBe(stored);
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
