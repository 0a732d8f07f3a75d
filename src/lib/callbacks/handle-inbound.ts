import { createHash } from 'node:crypto';
import type { Inbound } from '../lipachat/callback.ts';
import type { RecipientQueue } from '../messages/recipient-queue.ts';
import { allEnded } from '../platform/all-ended.ts';
import type { Clock, Telemetry } from '../platform/ports.ts';
import type { ErasedOptOutStore, SessionStore } from '../sessions/ports.ts';
import { type ConsentWords, consentIn } from '../whatsapp/opt-out-words.ts';
import { afterConsent, afterInbound, hasOptedOut } from '../whatsapp/session-window.ts';
import type { EntryRun } from './callback-run.ts';
import { readSession, writeSession } from './customer-session.ts';
import type { HandleReply } from './handle-reply.ts';
import { type InboundRecord, isEarlier } from './inbound-record.ts';
import type { CallbackStore } from './ports.ts';

/*
 * Handles one inbound message. It is remembered by its id, moves the window by the time it was first seen with,
 * releases the oldest parked flow, and may be a STOP or START.
 */

export interface HandleInboundDeps {
  readonly sessions: SessionStore;
  readonly callbacks: CallbackStore;
  readonly handleReply: HandleReply;
  readonly erasedOptOuts: ErasedOptOutStore;
  readonly recipientQueue: RecipientQueue;
  readonly words: ConsentWords;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

export function makeHandleInbound(deps: HandleInboundDeps) {
  const { callbacks, handleReply, recipientQueue, words, clock, telemetry } = deps;

  return async function handleInbound(message: Inbound, run: EntryRun): Promise<void> {
    const { id, pair, said } = message;
    const now = clock.now();
    const own = arrivalOf(message, run);
    const [first, read] = await allEnded([
      id ? firstArrival({ id, business: pair.business, ...own }, now) : own,
      readSession(deps, pair),
    ]);
    const { writtenAt, seenAt, place } = first;
    const word = consentIn(said, words);
    const session = await writeSession(deps, read, (before) => {
      const written = afterInbound(before, { writtenAt, now });
      const spoken = { optedOut: word === 'stop', at: writtenAt, seenAt, place, of: id && nameOf(id) };
      return word ? afterConsent(written, spoken) : written;
    });
    try {
      if (message.unreadable !== undefined) await keepUnreadable(message.unreadable, run);
      if (message.reply) await takeReplyOf(message, message.reply, { at: writtenAt, seenAt }, run);
    } finally {
      // Also after a reply that cannot be stored.
      if (hasOptedOut(session)) await recipientQueue.cancelAll(pair, run.correlationId);
      else await recipientQueue.wake(pair);
    }
  };

  /** A copy that is handled before an earlier one is corrected by it. */
  async function firstArrival(own: InboundRecord, now: Date): Promise<InboundRecord> {
    const known = await callbacks.remember(own, now);
    return isEarlier(own, known) ? own : known;
  }

  /** A reply that matches no flow of ours is kept raw: another system may have sent the flow. */
  async function takeReplyOf(
    message: Inbound,
    reply: NonNullable<Inbound['reply']>,
    times: { readonly at: Date; readonly seenAt: Date | undefined },
    { receivedAt }: EntryRun,
  ): Promise<void> {
    const id = message.id ?? times.at.toISOString();
    const outcome = await handleReply({ ...reply, ...times, id, pair: message.pair });
    if (outcome !== 'unmatched') return;
    await callbacks.keepRaw(JSON.stringify(message), clock.now(), { why: 'reply', receivedAt });
  }

  /** An unreadable reply opens the window like any message. The raw text lets a person read the answers. */
  async function keepUnreadable(raw: string, { receivedAt }: EntryRun): Promise<void> {
    telemetry.count('reply.unreadable');
    await callbacks.keepRaw(raw, clock.now(), { why: 'unread', receivedAt });
  }
}

/** A timestamp in the future counts as the arrival, as does none. */
export function writtenAtOf(writtenAt: Date | undefined, receivedAt: Date): Date {
  return writtenAt && writtenAt < receivedAt ? writtenAt : receivedAt;
}

function arrivalOf({ writtenAt }: Inbound, { receivedAt, place }: EntryRun) {
  return { writtenAt: writtenAtOf(writtenAt, receivedAt), seenAt: receivedAt, place };
}

/** Hashed, because WhatsApp's ids contain the customer's number in base64. */
function nameOf(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, 16);
}
