import type { Callback, Inbound } from '../lipachat/callback.ts';
import type { RecipientQueue } from '../messages/recipient-queue.ts';
import { allEnded, mapEnded } from '../platform/all-ended.ts';
import type { Clock, Telemetry } from '../platform/ports.ts';
import { updateFoundOrCreate } from '../platform/update-with-retry.ts';
import { freshSession } from '../sessions/opt-out-record.ts';
import type { ErasedOptOutStore, SessionStore } from '../sessions/ports.ts';
import { type ConsentWords, consentIn } from '../whatsapp/opt-out-words.ts';
import { afterConsent, afterInbound, hasOptedOut } from '../whatsapp/session-window.ts';
import type { HandleReply } from './handle-reply.ts';
import type { HandleStatus } from './handle-status.ts';
import type { CallbackStore } from './ports.ts';

/*
 * Handles LipaChat's callbacks, entry by entry. Each may arrive twice, late and in any order:
 *
 * - an inbound message is remembered by its id. It moves the window by the time it was first seen with,
 *   releases the oldest parked flow, and may be a typed STOP or START;
 * - a status advances its message;
 * - an unrecognised callback is kept raw and counted.
 *
 * Each entry is tried, and a fault of any is thrown, so that the queue delivers all of them again. Every step
 * is safe to repeat.
 */

export interface HandleCallbacksDeps {
  readonly sessions: SessionStore;
  readonly callbacks: CallbackStore;
  readonly handleStatus: HandleStatus;
  readonly handleReply: HandleReply;
  readonly erasedOptOuts: ErasedOptOutStore;
  readonly recipientQueue: RecipientQueue;
  readonly words: ConsentWords;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** What all entries of a callback share. */
export interface CallbackRun {
  readonly correlationId: string;
  /** When LipaChat sent it, which may be long before it is handled. */
  readonly receivedAt: Date;
}

export type HandleCallbacks = ReturnType<typeof makeHandleCallbacks>;

const AT_ONCE = 16;

export function makeHandleCallbacks(deps: HandleCallbacksDeps) {
  const {
    sessions,
    callbacks,
    erasedOptOuts,
    handleStatus,
    handleReply,
    recipientQueue,
    words,
    clock,
    telemetry,
  } = deps;

  async function inbound(message: Inbound, { correlationId, receivedAt }: CallbackRun): Promise<void> {
    const now = clock.now();
    // A timestamp in the future counts as the arrival. `remember` keeps both times for a repeat of the message.
    const at = message.writtenAt && message.writtenAt < receivedAt ? message.writtenAt : receivedAt;
    const times = { writtenAt: at, seenAt: receivedAt };
    const { id, pair, said } = message;
    const [{ writtenAt, seenAt }, fresh, found] = await allEnded([
      id ? callbacks.remember({ id, ...times }, now) : times,
      freshSession(erasedOptOuts, pair),
      sessions.get(pair),
    ]);
    const session = await updateFoundOrCreate(sessions, { found, fresh }, (session) => {
      const word = consentIn(said, words);
      const written = afterInbound(session, { writtenAt, now });
      return word ? afterConsent(written, { optedOut: word === 'stop', at: writtenAt }) : written;
    });
    if (message.unreadable !== undefined) await keepUnreadable(message.unreadable);
    if (message.reply) await takeReplyOf(message, message.reply, { at: writtenAt, seenAt });
    const stopped = hasOptedOut(session);
    if (!stopped && hasOptedOut(fresh)) await erasedOptOuts.forget(pair);
    if (stopped) await recipientQueue.cancelAll(pair, correlationId);
    else await recipientQueue.wake(pair);
  }

  /** A reply that matches no flow of ours is kept raw: another system may have sent the flow. */
  async function takeReplyOf(
    message: Inbound,
    reply: NonNullable<Inbound['reply']>,
    times: { readonly at: Date; readonly seenAt: Date | undefined },
  ): Promise<void> {
    const id = message.id ?? times.at.toISOString();
    const outcome = await handleReply({ ...reply, ...times, id, pair: message.pair });
    if (outcome === 'unmatched') await callbacks.keepRaw(JSON.stringify(message), clock.now());
  }

  /** An unreadable reply opens the window like any message. The raw text lets a person read the answers. */
  async function keepUnreadable(raw: string): Promise<void> {
    telemetry.count('reply.unreadable');
    await callbacks.keepRaw(raw, clock.now());
  }

  function take(callback: Callback, run: CallbackRun): Promise<void> {
    const { receivedAt } = run;
    telemetry.count(`callback.${callback.kind}`);
    switch (callback.kind) {
      case 'inbound':
        return inbound(callback, run);
      case 'status': {
        const { messageId, report } = callback;
        const at = callback.at && callback.at < receivedAt ? callback.at : receivedAt;
        return handleStatus(messageId, { ...report, at });
      }
      case 'template': {
        const at = receivedAt;
        const { templateId, templateName } = callback.status;
        const id = templateId ?? templateName ?? 'unknown';
        return callbacks.keepTemplateStatus({ ...callback.status, id, at });
      }
      case 'notice':
        telemetry.info('callback.notice', { about: callback.about });
        return Promise.resolve();
      case 'preference':
      case 'moved':
        // Not read yet.
        return Promise.resolve();
      case 'unplaced':
      case 'unrecognised':
        telemetry.warn('callback.unrecognised', { bytes: callback.raw.length });
        return callbacks.keepRaw(callback.raw, clock.now());
    }
  }

  return async function handleCallbacks(entries: readonly Callback[], run: CallbackRun): Promise<void> {
    const faults: unknown[] = [];
    const tryOne = (entry: Callback) => take(entry, run).catch((fault: unknown) => void faults.push(fault));
    await mapEnded(entries, tryOne, { concurrency: AT_ONCE });
    if (faults.length > 0) throw faults[0];
  };
}
