/** A message that waits: when it is due, how long it is kept, and what ends its wait. */
import { describe, expect, it } from 'vitest';
import { fenceOf } from '../../../src/lib/messages/lease.ts';
import { newMessage, transition } from '../../../src/lib/messages/lifecycle.ts';
import type { FlowRequest, Message } from '../../../src/lib/messages/message.ts';
import { isAwaitingReply, isInRecipientQueue } from '../../../src/lib/messages/message.ts';
import {
  isCheckedSoon,
  isOlder,
  isOverdue,
  isTooLate,
  isUnderWay,
  nextOf,
} from '../../../src/lib/messages/waiting.ts';
import { idOf, later, NOW, sampleMessage, sampleRequest, sampleTerms } from '../../support/fakes/samples.ts';

const HOUR_S = 3_600;
const DAY_S = 86_400;
const ID = idOf('m-1');
const requestFor = (changes: Partial<FlowRequest>) =>
  sampleRequest({ messageId: ID, whenClosed: 'park', ...changes });

const claim = (changes: Partial<Message> = {}) =>
  sampleMessage({ messageId: ID, request: requestFor({ parkForSeconds: HOUR_S }), ...changes });
const parked = (changes: Partial<Message> = {}) =>
  claim({ status: 'parked', lease: undefined, parkedUntil: later(DAY_S), ...changes });

describe('a message that is parked by its claim', () => {
  it('has no lease, and waits like one that its owner parks', () => {
    const claiming = {
      request: requestFor({ parkForSeconds: HOUR_S }),
      clientId: 'client-1',
      terms: sampleTerms(),
      templateId: undefined,
    };
    const claimed = newMessage('claimed', claiming);
    const owned = { fence: fenceOf(claimed), now: NOW, templateId: undefined };
    const byOwner = transition(claimed, 'windowClosed', owned);
    expect(newMessage('parked', claiming)).toEqual({
      ...byOwner,
      timeline: [{ at: NOW, status: 'parked', source: 'api' }],
    });
    expect(byOwner).toMatchObject({ status: 'parked', dueAt: later(75), parkedUntil: later(HOUR_S) });
  });
});

describe('a message that is parked', () => {
  const park = (stored: Message, seconds = 5) =>
    transition(stored, 'windowClosed', {
      fence: fenceOf(stored),
      now: later(seconds),
      templateId: 'template-1',
    });

  it('waits as long as its request says, and is kept for its retention after that', () => {
    const stored = claim();
    expect(park(stored)).toEqual({
      ...stored,
      status: 'parked',
      lease: undefined,
      accepted: true,
      parkedUntil: later(HOUR_S),
      expiresAt: later(HOUR_S + 30 * DAY_S),
      templateMessage: undefined,
      dueAt: later(80),
      reason: 'the session window is closed',
      timeline: [...stored.timeline, { at: later(5), status: 'parked', source: 'api' }],
    });
  });

  it('waits three days where its request says nothing', () => {
    expect(park(claim({ request: requestFor({}) })).parkedUntil).toEqual(later(3 * DAY_S));
    expect(park(claim({ request: undefined })).parkedUntil).toEqual(later(3 * DAY_S));
  });

  it('keeps the end of an earlier wait, and a retention that is longer', () => {
    const again = park(claim({ parkedUntil: later(50), expiresAt: later(40 * DAY_S) }));
    expect(again).toMatchObject({ parkedUntil: later(50), dueAt: later(50) });
    expect(again.expiresAt).toEqual(later(40 * DAY_S + 50));
    const short = park(claim({ parkedUntil: later(-1), expiresAt: later(40 * DAY_S) }));
    expect(short.expiresAt).toEqual(later(40 * DAY_S));
  });

  it('gets a template message where its request has one, and keeps the one that it has', () => {
    const asks = requestFor({ whenClosed: 'template' });
    expect(park(claim({ request: asks })).templateMessage).toEqual({
      messageId: 'template-1',
      state: 'pending',
    });
    expect(park(claim({ request: undefined })).templateMessage).toBeUndefined();
    const templateMessage = { messageId: 'other', state: 'sent' } as const;
    expect(park(claim({ request: asks, templateMessage })).templateMessage).toBe(templateMessage);
  });
});

describe('a message that is postponed', () => {
  const postpone = (stored: Message, delaySeconds: number) =>
    transition(stored, 'postponed', {
      fence: fenceOf(stored),
      now: NOW,
      delaySeconds,
      errorClass: 'cannot-tell',
      reason: 'cannot tell',
    });

  it('is queued for after its pause, with one more try', () => {
    const stored = claim({ tries: 2, triesOf: { 'cannot-tell': 1 } });
    expect(postpone(stored, 10)).toEqual({
      ...stored,
      status: 'queued',
      lease: undefined,
      accepted: true,
      tries: 3,
      triesOf: { 'cannot-tell': 2 },
      notBefore: later(10),
      dueAt: later(130),
      reason: 'cannot tell',
      timeline: [...stored.timeline, { at: NOW, status: 'queued', source: 'worker', detail: 'cannot tell' }],
    });
  });

  it('is due after the queue’s grace, or by itself where the queue cannot delay it so long', () => {
    expect(postpone(claim(), 900).dueAt).toEqual(later(900 + 120));
    expect(postpone(claim(), 901).dueAt).toEqual(later(901));
  });

  it('is kept for a day after its pause', () => {
    const ending = claim({ expiresAt: later(HOUR_S) });
    expect(postpone(ending, 10).expiresAt).toEqual(later(10 + DAY_S));
    expect(postpone(claim(), 10).expiresAt).toEqual(claim().expiresAt);
  });
});

describe('a message that is released from parking', () => {
  const release = (stored: Message, seconds = 60, mode: 'resend' | 'hold' = 'resend') =>
    transition(
      stored,
      'takenOver',
      sampleTerms({ owner: 'worker-1', now: later(seconds), ambiguity: { mode, resendHorizonSeconds: 900 } }),
    );

  it('is taken over by the worker that sends it, under the next epoch and with a horizon of its own', () => {
    const stored = parked({ reason: 'the session window is closed', firstTryAt: later(-1) });
    expect(release(stored)).toEqual({
      ...stored,
      status: 'sending',
      reason: undefined,
      lease: { owner: 'worker-1', until: later(120), phase: 'dispatched' },
      epoch: stored.epoch + 1,
      firstTryAt: later(60),
      dueAt: later(120),
      timeline: [...stored.timeline, { at: later(60), status: 'sending', source: 'worker' }],
    });
    expect(release(stored, 60, 'hold').lease?.phase).toBe('claimed');
  });

  it('is not released from the end of its wait on', () => {
    const stored = parked({ parkedUntil: later(60) });
    expect(release(stored, 59).status).toBe('sending');
    expect(release(stored, 60)).toBe(stored);
  });
});

describe('the end of the wait', () => {
  it('expires the message, which is not sent any more', () => {
    const stored = parked({ parkedUntil: later(60) });
    expect(transition(stored, 'waitEnded', { now: later(59) })).toBe(stored);
    expect(transition(stored, 'waitEnded', { now: later(60) })).toEqual({
      ...stored,
      status: 'expired',
      request: undefined,
      dueAt: undefined,
      reason: 'the customer did not write in time',
      timeline: [...stored.timeline, { at: later(60), status: 'expired', source: 'sweeper' }],
    });
  });
});

describe('the next check of a parked message', () => {
  const check = (changes: Partial<Message>, isWindowOpen = false) =>
    transition(parked(changes), 'rechecked', { now: NOW, isWindowOpen }).dueAt;
  const pending = { messageId: 'template-1', state: 'pending' } as const;

  it('is in an hour, or in a minute while the window is open', () => {
    for (const templateMessage of [undefined, { ...pending, state: 'sent' } as const]) {
      expect(check({ templateMessage })).toEqual(later(HOUR_S));
      expect(check({ templateMessage }, true)).toEqual(later(60));
    }
  });

  it('is in 75 seconds where its template message is to go out, or when that may', () => {
    expect(check({ templateMessage: pending })).toEqual(later(75));
    expect(check({ templateMessage: { ...pending, notBefore: later(76) } })).toEqual(later(76));
    expect(check({ templateMessage: { ...pending, notBefore: later(74) } })).toEqual(later(75));
    expect(check({ templateMessage: { ...pending, notBefore: later(76) } }, true)).toEqual(later(60));
    expect(check({ templateMessage: { ...pending, state: 'sent', notBefore: later(9_999) } })).toEqual(
      later(HOUR_S),
    );
  });

  it('is at the end of its wait at the latest', () => {
    expect(check({ parkedUntil: later(50) })).toEqual(later(50));
    expect(check({ parkedUntil: later(50) }, true)).toEqual(later(50));
  });

  it('does not change where the message has no end of its wait', () => {
    const stored = parked({ parkedUntil: undefined });
    expect(transition(stored, 'rechecked', { now: NOW, isWindowOpen: true })).toBe(stored);
  });
});

describe('a queued message', () => {
  it('is due again after the queue’s grace, once the sweeper has enqueued it', () => {
    const stored = claim({ status: 'queued', lease: undefined, dueAt: NOW });
    expect(transition(stored, 'reenqueued', { now: later(60) })).toEqual({ ...stored, dueAt: later(180) });
  });
});

describe('the recipient queue', () => {
  it('has what was parked and is not sent yet', () => {
    for (const status of ['parked', 'queued', 'sending'] as const) {
      expect([status, isInRecipientQueue(parked({ status }))]).toEqual([status, true]);
      expect(isInRecipientQueue(parked({ status, parkedUntil: undefined }))).toBe(false);
    }
    for (const status of ['expired', 'unknown', 'sent', 'failed'] as const) {
      expect([status, isInRecipientQueue(parked({ status }))]).toEqual([status, false]);
    }
  });

  it('has one under way that is being sent, or is sent within the longest delay', () => {
    expect(isUnderWay(claim(), NOW)).toBe(true);
    expect(isUnderWay(claim({ status: 'queued' }), NOW)).toBe(true);
    expect(isUnderWay(claim({ status: 'queued', notBefore: later(900) }), NOW)).toBe(true);
    expect(isUnderWay(claim({ status: 'queued', notBefore: later(900.001) }), NOW)).toBe(false);
    expect(isUnderWay(parked({ notBefore: NOW }), NOW)).toBe(false);
  });

  it('is led by the oldest parked one in time, unless another one is under way', () => {
    const at = (id: string, seconds: number, changes: Partial<Message> = {}) =>
      parked({ messageId: idOf(id), createdAt: later(seconds), parkedUntil: later(60), ...changes });
    const [a, b] = [at('a', 0), at('b', 1)];
    expect(nextOf([], { now: NOW })).toBeUndefined();
    expect(nextOf([a, b], { now: NOW })).toBe(a);
    expect(nextOf([{ ...a, parkedUntil: later(30) }, b], { now: later(30) })).toBe(b);
    expect(nextOf([{ ...a, status: 'queued', notBefore: later(901) }, b], { now: NOW })).toBe(b);
    for (const status of ['queued', 'sending'] as const) {
      expect(nextOf([{ ...a, status }, b], { now: NOW })).toBeUndefined();
      expect(nextOf([a, { ...b, status }], { now: NOW })).toBeUndefined();
    }
  });

  it('is in the order of the claims, then of the ids', () => {
    const at = (id: string, seconds: number) => parked({ messageId: idOf(id), createdAt: later(seconds) });
    expect(isOlder(at('b', 0), at('a', 1))).toBe(true);
    expect(isOlder(at('a', 1), at('b', 0))).toBe(false);
    expect(isOlder(at('a', 0), at('b', 0))).toBe(true);
    expect(isOlder(at('b', 0), at('a', 0))).toBe(false);
    expect(isOlder(at('a', 0), at('a', 0))).toBe(false);
  });

  it('has one checked soon that the sweeper visits within a minute', () => {
    expect(isCheckedSoon(parked({ dueAt: later(60) }), NOW)).toBe(true);
    expect(isCheckedSoon(parked({ dueAt: later(-60) }), NOW)).toBe(true);
    expect(isCheckedSoon(parked({ dueAt: later(60.001) }), NOW)).toBe(false);
    expect(isCheckedSoon(parked({ dueAt: undefined }), NOW)).toBe(false);
  });

  it('has one overdue from the end of its wait on', () => {
    const stored = parked({ parkedUntil: later(60) });
    expect([59.999, 60, 61].map((seconds) => isOverdue(stored, later(seconds)))).toEqual([false, true, true]);
    expect(isOverdue(parked({ parkedUntil: undefined }), later(9e6))).toBe(false);
  });

  it('has one for two more minutes if its customer wrote in time, and neither releases nor expires it after that', () => {
    const stored = parked({ parkedUntil: later(60) });
    const late = (seconds: number, openedAt: Date | undefined) =>
      isTooLate(stored, { now: later(seconds), openedAt });
    expect([59, 60, 179.999, 180].map((seconds) => late(seconds, later(60)))).toEqual([
      false,
      false,
      false,
      true,
    ]);
    expect([59, 60].map((seconds) => late(seconds, later(60.001)))).toEqual([false, true]);
    expect([59, 60].map((seconds) => late(seconds, undefined))).toEqual([false, true]);
    expect(isTooLate(parked({ parkedUntil: undefined }), { now: later(9e6), openedAt: NOW })).toBe(false);
    for (const [seconds, after] of [
      [179, ['parked', 'sending']],
      [180, ['expired', 'parked']],
    ] as const) {
      const wait = { now: later(seconds), openedAt: later(60) };
      const expired = transition(stored, 'waitEnded', wait).status;
      const released = transition(stored, 'takenOver', { ...sampleTerms(), ...wait }).status;
      expect([expired, released]).toEqual(after);
    }
  });
});

describe('a flow that waits for its reply', () => {
  const sent = claim({ status: 'delivered', sentAt: NOW });
  const reply = { id: 'in-1', at: NOW, response: {}, matchedBy: 'token' } as const;

  it('was sent, has not failed and has no reply yet', () => {
    expect(isAwaitingReply(sent)).toBe(true);
    expect(isAwaitingReply({ ...sent, sentAt: undefined })).toBe(false);
    expect(isAwaitingReply({ ...sent, status: 'failed' })).toBe(false);
    expect(isAwaitingReply({ ...sent, reply })).toBe(false);
  });
});
