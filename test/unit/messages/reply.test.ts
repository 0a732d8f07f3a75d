import { describe, expect, it } from 'vitest';
import { gatewayMessageIdOf } from '../../../src/lib/messages/gateway-message-id.ts';
import type { Message } from '../../../src/lib/messages/message.ts';
import { mayAnswer, mayHaveArrived, wasOut } from '../../../src/lib/messages/reply.ts';
import { idOf, later, NOW, sampleMessage } from '../../support/fakes/samples.ts';

const ID = idOf('m-1');
const second = gatewayMessageIdOf({ messageId: ID, resends: 1 });

/** A sent flow. `own`: the messageId in LipaChat's response. */
const sent = (own: string | undefined, changes: Partial<Message> = {}): Message =>
  sampleMessage({
    messageId: ID,
    status: 'sent',
    waId: 'wamid.1',
    answer: { kind: 'sent', body: JSON.stringify({ gateway: own ? { data: { messageId: own } } : null }) },
    ...changes,
  });
const quotes = (message: Message, ...quotedIds: string[]) =>
  mayAnswer(message, { response: {}, quotedIds, formName: 'flow' });

describe('a reply that quotes an id', () => {
  it('may answer a flow of which a send has that id', () => {
    for (const id of [ID, 'own-1', 'wamid.1']) expect(quotes(sent('own-1'), id)).toBe(true);
  });

  it('may not answer a flow of which all ids of that kind are known, and others', () => {
    for (const own of ['own-1', ID]) {
      expect(quotes(sent(own), 'own-2')).toBe(false);
      expect(quotes(sent(own), 'wamid.2')).toBe(false);
    }
  });

  it('may answer a flow of which an id of that kind is unknown', () => {
    expect(quotes(sent(undefined), 'own-2')).toBe(true);
    expect(quotes(sent('own-1', { waId: undefined }), 'wamid.2')).toBe(true);
    expect(quotes(sent('own-1', { resends: 1 }), 'wamid.2')).toBe(true);
  });

  it('may answer a resend with an id of LipaChat’s own, which no answer has', () => {
    expect(quotes(sent('own-1', { resends: 1 }), 'own-2')).toBe(true);
  });

  it('may not answer a resend under another id where LipaChat echoes ours', () => {
    for (const own of [ID, second]) expect(quotes(sent(own, { resends: 1 }), 'own-2')).toBe(false);
  });

  it('may not answer if one of several ids contradicts it', () => {
    expect(quotes(sent('own-1'), 'own-1', 'wamid.2')).toBe(false);
  });
});

describe('a flow that may have arrived', () => {
  const by = (changes: Partial<Message>) => mayHaveArrived(sampleMessage({ messageId: ID, ...changes }));
  const lease = (phase: 'claimed' | 'dispatched') => ({ owner: 'o', until: NOW, phase });

  it('is one with an unknown outcome, or under way', () => {
    expect(by({ status: 'unknown', lease: undefined })).toBe(true);
    expect(by({ status: 'sending', lease: lease('dispatched') })).toBe(true);
  });

  it('is one that WhatsApp failed and that waits for another send', () => {
    for (const status of ['queued', 'parked', 'expired', 'sending', 'unknown'] as const)
      expect(by({ status, resends: 1, lease: undefined })).toBe(true);
  });

  it('is none of which nothing has left', () => {
    for (const status of ['queued', 'parked', 'expired'] as const)
      expect(by({ status, lease: undefined })).toBe(false);
    for (const status of ['sending', 'unknown'] as const)
      expect(by({ status, lease: lease('claimed') })).toBe(false);
  });

  it('is none that is proved, has failed for good or has a reply', () => {
    for (const status of ['sent', 'failed', 'delivered', 'read'] as const)
      expect(by({ status, resends: 1 })).toBe(false);
    const reply = { id: 'r', at: NOW, response: {}, matchedBy: 'token' } as const;
    expect(by({ status: 'unknown', lease: undefined, reply })).toBe(false);
  });

  it('was out since its first try; one that was sent again, since it was created', () => {
    const message = sampleMessage({ createdAt: NOW, firstTryAt: later(60) });
    expect([wasOut(message, later(59)), wasOut(message, later(60))]).toEqual([false, true]);
    expect(wasOut({ ...message, resends: 1 }, later(1))).toBe(true);
  });
});
