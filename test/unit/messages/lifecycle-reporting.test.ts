/** Status callbacks about the flow itself: what each writes, and what a failure that passes takes back. */
import { describe, expect, it } from 'vitest';
import { EVENT_OF_REPORT, transition } from '../../../src/lib/messages/lifecycle.ts';
import type { Message } from '../../../src/lib/messages/message.ts';
import type { StatusReport } from '../../../src/lib/messages/status-report.ts';
import { idOf, later, NEW_IDS, NOW, sampleMessage, sampleRequest } from '../../support/fakes/samples.ts';

const WINDOW_SHUT = 131_047;
const WAIT = 130_429;
const PAIR_TOO_FAST = 131_056;
const UNDELIVERABLE = 131_026;
const DAY_S = 86_400;

const AT = later(30);
const SEEN = later(31);
const receipt = { kind: 'sent', body: '{}' } as const;
const parkable = sampleRequest({ messageId: idOf('m-1'), whenClosed: 'park', parkForSeconds: 3_600 });

const sent = (changes: Partial<Message> = {}): Message =>
  sampleMessage({
    messageId: idOf('m-1'),
    status: 'sent',
    lease: undefined,
    dueAt: undefined,
    sentAt: NOW,
    waId: 'wamid.1',
    answer: receipt,
    attempts: 1,
    ...changes,
  });
const report = (
  stored: Message,
  changes: Partial<StatusReport>,
  mode: 'resend' | 'hold' = 'resend',
): Message => {
  const said: StatusReport = { status: 'failed', at: AT, waId: 'wamid.1', ...changes };
  return transition(stored, EVENT_OF_REPORT[said.status], {
    report: said,
    now: SEEN,
    ambiguity: { mode },
    newIds: NEW_IDS,
  });
};

describe('a status callback', () => {
  it('adds to the history and keeps what is to be sent while it may still fail', () => {
    const stored = sampleMessage({ messageId: idOf('m-1') });
    expect(report(stored, { status: 'sent', detail: 'on its way' })).toEqual({
      ...stored,
      status: 'sent',
      waId: 'wamid.1',
      sentAt: AT,
      reason: undefined,
      timeline: [...stored.timeline, { at: AT, status: 'sent', source: 'callback', detail: 'on its way' }],
    });
  });

  it.each(['delivered', 'read'] as const)('of %s drops what is not sent any more', (status) => {
    const after = report(sent(), { status });
    expect(after).toMatchObject({ status, answer: receipt, sentAt: NOW });
    expect(after.request).toBeUndefined();
  });

  it('makes an unanswered message without an owner due at once', () => {
    const stored = sent({ answer: undefined, status: 'unknown', dueAt: later(900) });
    expect(report(stored, { status: 'sent' }).dueAt).toEqual(AT);
  });

  it('leaves the due time to the owner, and makes an answered message due no more', () => {
    const owned = sampleMessage({ messageId: idOf('m-1') });
    expect(report(owned, { status: 'sent' }).dueAt).toEqual(owned.dueAt);
    expect(report(sent({ dueAt: later(7) }), { status: 'delivered' }).dueAt).toBeUndefined();
  });

  it('changes nothing where it is no news', () => {
    const once = report(sent(), { status: 'delivered' });
    expect(report(once, { status: 'delivered', at: later(60) })).toBe(once);
  });

  it('teaches WhatsApp’s id even where the status is known', () => {
    const once = report(sent({ waId: undefined }), { status: 'delivered', waId: undefined });
    expect(report(once, { status: 'delivered', waId: 'wamid.1' }).waId).toBe('wamid.1');
  });

  it('adds a late lower status to the history alone', () => {
    const stored = sent({ status: 'delivered', reason: 'kept', request: undefined });
    const after = report(stored, { status: 'sent' });
    expect(after).toEqual({
      ...stored,
      timeline: [...stored.timeline, { at: AT, status: 'sent', source: 'callback', detail: undefined }],
    });
  });
});

describe('a failure that is final', () => {
  it('says why in WhatsApp’s words, or in ours', () => {
    const failed = report(sent(), { code: UNDELIVERABLE, detail: 'undeliverable' });
    expect(failed).toMatchObject({ status: 'failed', reason: 'undeliverable', sentAt: NOW });
    expect(failed.request).toBeUndefined();
    expect(report(sent(), {})).toMatchObject({
      status: 'failed',
      reason: 'WhatsApp reported a failure',
    });
  });

  it('is followed by the delivery that proves it wrong, which clears the reason', () => {
    const failed = report(sent(), { code: UNDELIVERABLE, detail: 'undeliverable' });
    const delivered = report(failed, { status: 'delivered', at: later(60) });
    expect(delivered.status).toBe('delivered');
    expect(delivered.reason).toBeUndefined();
  });
});

describe('a failure for a shut window', () => {
  const shut = { code: WINDOW_SHUT, detail: 'window' };

  it('takes the send back, and parks the message', () => {
    const stored = sent({ request: parkable, retiredWaIds: ['wamid.0'], resends: 1 });
    const parked = report(stored, shut);
    expect(parked).toEqual({
      ...stored,
      status: 'parked',
      epoch: 2,
      lease: undefined,
      sentAt: undefined,
      waId: undefined,
      retiredWaIds: ['wamid.0', 'wamid.1'],
      resends: 2,
      resendIds: { 2: NEW_IDS.resend },
      attempts: 0,
      firstTryAt: undefined,
      accepted: true,
      parkedUntil: later(3_600),
      expiresAt: later(30 * DAY_S + 3_600),
      templateMessage: undefined,
      dueAt: later(31 + 75),
      reason: 'WhatsApp reported that the session window was closed',
      timeline: [
        ...stored.timeline,
        { at: AT, status: 'failed', source: 'callback', detail: 'window' },
        { at: SEEN, status: 'parked', source: 'callback' },
      ],
    });
  });

  it('retires no id that WhatsApp never gave', () => {
    const stored = sent({ request: parkable, waId: undefined });
    const parked = report(stored, { ...shut, waId: undefined });
    expect(parked).toMatchObject({ status: 'parked', resends: 1 });
    expect(parked.retiredWaIds).toBeUndefined();
  });

  it.each<[string, Partial<Message>]>([
    ['may not wait', { request: { ...parkable, whenClosed: 'reject' } }],
    ['is not kept', { request: undefined }],
    ['has waited long enough', { request: parkable, parkedUntil: SEEN }],
  ])('is final where the request %s', (_, changes) => {
    expect(report(sent(changes), shut).status).toBe('failed');
  });

  it('parks a message that has a second of its wait left', () => {
    expect(report(sent({ request: parkable, parkedUntil: later(32) }), shut).status).toBe('parked');
  });

  it('parks nothing with another code', () => {
    expect(report(sent({ request: parkable }), { code: UNDELIVERABLE }).status).toBe('failed');
    expect(report(sent({ request: parkable }), {}).status).toBe('failed');
  });
});

describe('a failure that passes', () => {
  it('takes the send back, and queues the message for after the pause of its class', () => {
    const stored = sent({ request: parkable });
    const queued = report(stored, { code: PAIR_TOO_FAST, detail: 'too fast' });
    expect(queued).toEqual({
      ...stored,
      status: 'queued',
      epoch: 2,
      lease: undefined,
      sentAt: undefined,
      waId: undefined,
      retiredWaIds: ['wamid.1'],
      resends: 1,
      resendIds: { 1: NEW_IDS.resend },
      attempts: 0,
      firstTryAt: undefined,
      tries: 1,
      triesOf: undefined,
      accepted: true,
      notBefore: later(31 + 5),
      dueAt: later(31 + 5 + 120),
      expiresAt: stored.expiresAt,
      reason: 'too fast',
      timeline: [
        ...stored.timeline,
        { at: AT, status: 'failed', source: 'callback', detail: 'too fast' },
        { at: SEEN, status: 'queued', source: 'callback', detail: 'too fast' },
      ],
    });
  });

  it('is final with outcomes on hold', () => {
    for (const code of [WAIT, PAIR_TOO_FAST, WINDOW_SHUT, 131_000, 131_049]) {
      expect(report(sent({ request: parkable }), { code }, 'hold').status).toBe('failed');
    }
  });

  it('counts the tries of a class that has a limit of its own', () => {
    expect(report(sent({ request: parkable }), { code: 131_000 })).toMatchObject({
      status: 'queued',
      tries: 1,
      triesOf: { 'cannot-tell': 1 },
    });
  });

  it('is final where the tries are used up, or the request is not kept', () => {
    expect(report(sent({ request: parkable, tries: 20 }), { code: WAIT }).status).toBe('failed');
    expect(report(sent({ request: parkable, tries: 19 }), { code: WAIT }).status).toBe('queued');
    expect(report(sent({ request: undefined }), { code: WAIT }).status).toBe('failed');
  });
});

describe('a proof that the message was sent', () => {
  it.each(['parked', 'queued', 'expired'] as const)('counts while the message is %s', (status) => {
    const stored = sent({ status, waId: undefined, answer: undefined, request: parkable });
    for (const proof of ['sent', 'delivered', 'read'] as const) {
      expect(report(stored, { status: proof }).status).toBe(proof);
    }
  });
});

describe('a failure of an earlier send', () => {
  it.each(['parked', 'queued', 'expired'] as const)('changes nothing while the message is %s', (status) => {
    const stored = sent({ status, waId: undefined, answer: undefined, request: parkable });
    for (const code of [WINDOW_SHUT, WAIT, UNDELIVERABLE]) {
      expect(report(stored, { code, waId: undefined })).toBe(stored);
    }
  });

  it('changes nothing in what was sent since', () => {
    const stored = sent({ request: parkable, waId: 'wamid.2', resends: 1, retiredWaIds: ['wamid.1'] });
    for (const code of [WINDOW_SHUT, WAIT, UNDELIVERABLE]) expect(report(stored, { code })).toBe(stored);
  });
});
