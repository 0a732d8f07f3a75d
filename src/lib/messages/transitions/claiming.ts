import { QUEUE_GRACE_MS } from '../backoff.ts';
import type { NewId } from '../gateway-message-id.ts';
import { type ClaimTerms, decideClaim, type Fence, holds } from '../lease.ts';
import { type FlowRequest, fingerprint, type Message } from '../message.ts';

/* What a claim and a takeover write. `../lease.ts` decides when a lease is over and who may take over. */

/** A message before `lifecycle.ts` sets its first status. */
export type NewMessage = Omit<Message, 'status'>;

export interface Claiming {
  readonly request: FlowRequest;
  readonly clientId: string;
  readonly terms: ClaimTerms;
  /** For the template message of a parked claim. */
  readonly templateId?: NewId;
}

/**
 * The first claim of a request.
 *
 * With `resend` it is `dispatched` from the start: another owner would repeat the messageId in either phase,
 * so a second write before the call would gain nothing. With `hold` the phase matters, and
 * `sending/deliver.ts` makes that write.
 */
export function claim({ request, clientId, terms }: Claiming): NewMessage {
  const { owner, now } = terms;
  const until = after(now, terms.leaseSeconds);
  return {
    messageId: request.messageId,
    clientId,
    fingerprint: fingerprint(request),
    to: request.to,
    from: request.from,
    flowId: request.flowId,
    request,
    lease: { owner, until, phase: terms.ambiguity.mode === 'resend' ? 'dispatched' : 'claimed' },
    epoch: 1,
    attempts: 0,
    createdAt: now,
    firstTryAt: now,
    dueAt: until,
    expiresAt: after(now, terms.retentionDays * 86_400),
    timeline: [{ at: now, status: 'sending', source: 'api' }],
  };
}

/** A message for the worker; the caller gets a 202 at once. */
export function accept(claiming: Claiming): NewMessage {
  const { now } = claiming.terms;
  return {
    ...claim(claiming),
    lease: undefined,
    accepted: true,
    dueAt: new Date(now.getTime() + QUEUE_GRACE_MS),
    timeline: [{ at: now, status: 'queued', source: 'api' }],
  };
}

/** Is the lease over, and may another owner send it? */
export function isUpForTakeOver(message: Message, terms: ClaimTerms): boolean {
  return decideClaim(message, terms).kind === 'takeOver';
}

/** The claim of a new owner. The new epoch fences off the old owner. */
export function takeOver(message: Message, terms: ClaimTerms): Message {
  const until = after(terms.now, terms.leaseSeconds);
  const waited = message.status === 'queued' || message.status === 'parked';
  const notLeft = waited || message.lease?.phase === 'claimed';
  const phase = notLeft && terms.ambiguity.mode === 'hold' ? 'claimed' : 'dispatched';
  return {
    ...message,
    reason: undefined,
    lease: { owner: terms.owner, until, phase },
    epoch: message.epoch + 1,
    // Nothing of a waiting message has left, so its resend horizon starts now.
    firstTryAt: waited ? terms.now : message.firstTryAt,
    dueAt: until,
  };
}

export function isOwned(message: Message, { fence }: { readonly fence: Fence }): boolean {
  return holds(fence, message);
}

function after(at: Date, seconds: number): Date {
  return new Date(at.getTime() + seconds * 1000);
}
