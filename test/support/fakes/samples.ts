/** A sample message, for tests to change what they are about. */
import type { ClaimTerms } from '../../../src/lib/messages/lease.ts';
import { newMessage } from '../../../src/lib/messages/lifecycle.ts';
import type { FlowRequest, Message, MessageId } from '../../../src/lib/messages/message.ts';
import type { Pair, PhoneNumber } from '../../../src/lib/whatsapp/phone.ts';
import { SESSION_MS, type Session } from '../../../src/lib/whatsapp/session-window.ts';

export const NOW = new Date('2026-01-02T03:04:05.000Z');

export const CUSTOMER = '254717746565' as PhoneNumber;
export const BUSINESS = '254110090747' as PhoneNumber;
/** A business number with a LipaChat account of its own. */
export const OTHER_BRAND = '254110090755' as PhoneNumber;
export const PAIR = { business: BUSINESS, customer: CUSTOMER } satisfies Pair;

/** The ids of sends that a transition decides. */
export const NEW_IDS = { resend: 'resend-1', template: 'template-1' };

export const idOf = (text: string): MessageId => text as MessageId;

/** `NOW` plus this many seconds. */
export const later = (seconds: number, from: Date = NOW): Date => new Date(from.getTime() + seconds * 1000);

export function sampleRequest(changes: Partial<FlowRequest> = {}): FlowRequest {
  return {
    messageId: idOf('1a85c604-0f08-4182-8011-407ba84598c5'),
    to: CUSTOMER,
    from: BUSINESS,
    text: 'Thank you share your details and one of our agents will be in touch',
    flowId: 'YOUR_FLOW_ID',
    flowCta: 'Share Details!',
    screen: 'FIRST',
    data: { service: '', serviceOption: '', package: '' },
    whenClosed: 'reject',
    ...changes,
  };
}

export function sampleTerms(changes: Partial<ClaimTerms> = {}): ClaimTerms {
  return {
    owner: 'owner-1',
    now: NOW,
    leaseSeconds: 60,
    retentionDays: 30,
    ambiguity: { mode: 'resend', resendHorizonSeconds: 900 },
    ...changes,
  };
}

/** A claim as it is first written, with `changes` applied. */
export function sampleMessage(changes: Partial<Message> = {}): Message {
  const request = sampleRequest(changes.messageId ? { messageId: changes.messageId } : {});
  return {
    ...newMessage('claimed', { request, clientId: 'client-1', terms: sampleTerms() }),
    ...changes,
  };
}

/** A window that a customer's message opened at `at`. */
export function sampleSession(at: Date = NOW, pair: Pair = PAIR): Session {
  const window = { openedAt: at, lastInboundAt: at, expiresAt: new Date(at.getTime() + SESSION_MS) };
  return { pair, window };
}
