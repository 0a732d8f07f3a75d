/** A message's identity and its history. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  asMessageId,
  fingerprint,
  isMessageId,
  isSameRequest,
  pairOf,
  remember,
  type TimelineEntry,
  waKeyOf,
} from '../../../src/lib/messages/message.ts';
import { BUSINESS, CUSTOMER, later, NOW, sampleMessage, sampleRequest } from '../../support/fakes/samples.ts';

describe('a messageId', () => {
  it.each(['a', 'Az09._:~-', 'x'.repeat(128)])('has 1 to 128 of its characters: %s', (text) => {
    expect([isMessageId(text), asMessageId(text)]).toEqual([true, text]);
  });

  it.each(['', 'x'.repeat(129), 'a b', 'a/b', 'é', 'a\n', ' a'])('has no others: %j', (text) => {
    expect([isMessageId(text), asMessageId(text)]).toEqual([false, undefined]);
  });
});

describe('the fingerprint', () => {
  it('is SHA-256 over canonical JSON without the messageId, in base64url', () => {
    const { messageId: _, data: __, ...rest } = sampleRequest();
    const payload = { ...rest, data: { b: 1, a: [true, null] } };
    const canonical =
      '{"data":{"a":[true,null],"b":1},"flowCta":"Share Details!","flowId":"YOUR_FLOW_ID","from":"254110090747",' +
      '"screen":"FIRST","text":"Thank you share your details and one of our agents will be in touch",' +
      '"to":"254717746565","whenClosed":"reject"}';
    const hash = createHash('sha256').update(canonical).digest('base64url');
    expect(fingerprint(sampleRequest({ data: payload.data }))).toBe(hash);
  });
});

describe('the key of WhatsApp’s id', () => {
  it('is its SHA-256, in base64url', () => {
    expect(waKeyOf('wamid.1')).toBe(createHash('sha256').update('wamid.1').digest('base64url'));
  });
});

describe('two messages under one messageId', () => {
  const one = sampleMessage();

  it('are the same request only with the same payload of the same client', () => {
    expect(isSameRequest(one, { ...one, epoch: 2 })).toBe(true);
    expect(isSameRequest(one, { ...one, fingerprint: 'another' })).toBe(false);
    expect(isSameRequest(one, { ...one, clientId: 'another' })).toBe(false);
  });
});

describe('the pair of a message', () => {
  it('is its business number and its customer', () => {
    expect(pairOf({ to: CUSTOMER, from: BUSINESS })).toEqual({ business: BUSINESS, customer: CUSTOMER });
  });
});

describe('the history of a message', () => {
  const entry = (changes: Partial<TimelineEntry> = {}): TimelineEntry => ({
    at: NOW,
    status: 'sent',
    source: 'callback',
    ...changes,
  });
  const historyOf = (...timeline: TimelineEntry[]) => sampleMessage({ timeline });

  it('gets an entry of another status or another source', () => {
    const stored = historyOf(entry());
    for (const news of [entry({ status: 'delivered' }), entry({ source: 'gateway' })]) {
      expect(remember(stored, news)).toEqual([entry(), news]);
    }
  });

  it('gets no entry twice, whatever its time', () => {
    const stored = historyOf(entry(), entry({ status: 'read' }));
    expect(remember(stored, entry({ at: later(60) }))).toBe(stored.timeline);
  });

  it.each(['parked', 'queued'] as const)('gets it again for a new send, after WhatsApp’s %s', (status) => {
    const takenBack = entry({ status });
    const stored = historyOf(entry(), takenBack);
    expect(remember(stored, entry({ at: later(60) }))).toEqual([
      entry(),
      takenBack,
      entry({ at: later(60) }),
    ]);
    const sentAgain = historyOf(entry(), takenBack, entry());
    expect(remember(sentAgain, entry())).toBe(sentAgain.timeline);
  });

  it('counts only a callback as the start of a new send', () => {
    for (const source of ['worker', 'api'] as const) {
      const stored = historyOf(entry(), entry({ status: 'parked', source }));
      expect(remember(stored, entry())).toBe(stored.timeline);
    }
    const stored = historyOf(entry(), entry({ status: 'failed' }));
    expect(remember(stored, entry())).toBe(stored.timeline);
  });

  it('has forty entries at most', () => {
    const full = (length: number) =>
      historyOf(...Array.from({ length }, () => entry({ status: 'sending', source: 'api' })));
    expect(remember(full(39), entry())).toHaveLength(40);
    expect(remember(full(40), entry())).toHaveLength(40);
  });
});
