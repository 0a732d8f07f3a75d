import { describe, expect, it } from 'vitest';
import { nextStepOf, storyData, storyLines } from '../../../ops/story.ts';
import type { Message } from '../../../src/lib/messages/message.ts';
import type { Status } from '../../../src/lib/messages/status.ts';
import { BUSINESS, CUSTOMER, later, NOW, sampleMessage } from '../../support/fakes/samples.ts';

const lease = { owner: 'owner-1', until: later(30), phase: 'dispatched' } as const;
const reply = {
  id: 'in-1',
  at: later(60),
  response: { package: 'home-canary' },
  matchedBy: 'token',
} as const;

describe('the next step', () => {
  const cases: [string, Partial<Message>, RegExp][] = [
    ['queued', { status: 'queued' }, /^a worker sends it$/],
    [
      'queued for later',
      { status: 'queued', notBefore: later(5) },
      /^a worker sends it, not before .*03:04:10 UTC/,
    ],
    [
      'parked',
      { status: 'parked', parkedUntil: later(60) },
      /^it goes out when the customer writes, until .*03:05:05 UTC .*; then it expires$/,
    ],
    ['expired', { status: 'expired' }, /^none; to try again, send it under a new messageId$/],
    ['failed', { status: 'failed' }, /^none; to try again/],
    [
      'sending',
      { status: 'sending', lease },
      /^its owner settles it, until .*; then the sweeper takes over$/,
    ],
    [
      'sending, its lease over',
      { status: 'sending', lease: { ...lease, until: later(-1) } },
      /^its lease is over: the sweeper takes it over within a minute$/,
    ],
    [
      'unknown and due',
      { status: 'unknown', dueAt: later(30) },
      /^the sweeper repeats it under the same messageId/,
    ],
    ['unknown for good', { status: 'unknown', dueAt: undefined }, /ask LipaChat about the messageId/],
    ['sent', { status: 'sent' }, /^a status callback reports the delivery$/],
    ['delivered', { status: 'delivered' }, /^none; the customer may still reply to the flow$/],
    ['read and replied to', { status: 'read', reply }, /^none: the customer has replied$/],
  ];

  it.each(cases)('for a message that is %s', (_name, changes, step) => {
    expect(nextStepOf(sampleMessage(changes), NOW)).toMatch(step);
  });

  it('is known for every status', () => {
    const told = cases.map(([, { status }]) => status);
    const all: Record<Status, true> = {
      queued: true,
      parked: true,
      expired: true,
      sending: true,
      unknown: true,
      sent: true,
      failed: true,
      delivered: true,
      read: true,
    };
    expect(Object.keys(all).filter((status) => !told.includes(status as Status))).toEqual([]);
  });
});

const failed = sampleMessage({
  status: 'failed',
  reason: `131026: ${CUSTOMER} cannot be reached`,
  waId: `wamid.${Buffer.from(CUSTOMER).toString('base64')}`,
  lease: undefined,
  dueAt: undefined,
  timeline: [
    { at: NOW, status: 'sent', source: 'gateway' },
    { at: later(9), status: 'failed', source: 'callback', detail: `${CUSTOMER} cannot be reached` },
  ],
});

describe('the report on a message', () => {
  it('shows its timeline in order, with the source of each entry', () => {
    const lines = storyLines(failed, NOW, 'masked');
    expect(lines.slice(lines.indexOf('timeline') + 1)).toEqual([
      expect.stringMatching(/^ {2}2026-01-02 03:04:05 UTC \(.*\) {2}sent, by LipaChat's response$/),
      expect.stringMatching(
        /03:04:14 UTC \(.*\) {2}failed, by a status callback: 254\*+565 cannot be reached$/,
      ),
    ]);
  });

  it('contains no phone number, in text, ids or the reason, unless numbers are requested', () => {
    const text =
      storyLines(failed, NOW, 'masked').join('\n') + JSON.stringify(storyData(failed, NOW, 'masked'));
    expect(text).not.toContain(CUSTOMER);
    expect(text).not.toContain(BUSINESS);
    expect(text).not.toContain('wamid');
    expect(storyData(failed, NOW, 'numbers')).toMatchObject({
      to: CUSTOMER,
      from: BUSINESS,
      waId: failed.waId,
    });
    expect(storyLines(failed, NOW, 'numbers').join('\n')).toContain(`131026: ${CUSTOMER}`);
  });

  it('names the fields of a reply, and never shows what the customer wrote', () => {
    const text = storyLines(sampleMessage({ status: 'read', reply }), NOW, 'numbers').join('\n');
    expect(text).toMatch(/^reply +.* UTC .*, fields package, matched by token$/m);
    expect(text).not.toContain('canary');
  });

  it('says that it is overdue when the sweeper has missed it', () => {
    const overdue = sampleMessage({ status: 'queued', dueAt: later(-301) });
    expect(storyLines(overdue, NOW, 'masked').join('\n')).toMatch(/^overdue +.* 5 min ago: run doctor$/m);
    const due = sampleMessage({ status: 'queued', dueAt: later(-299) });
    expect(storyLines(due, NOW, 'masked').join('\n')).not.toMatch(/^overdue/m);
  });
});
