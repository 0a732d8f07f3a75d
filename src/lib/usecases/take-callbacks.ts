import pMap from 'p-map';
import type { TemplateStatus } from '../domain/events.ts';
import { type ConsentWords, consentIn } from '../domain/opt-out.ts';
import type { Pair } from '../domain/phone.ts';
import { afterConsent, afterInbound, hasOptedOut } from '../domain/session.ts';
import type { StatusReport } from '../domain/status-report.ts';
import type { CallbackStore, Clock, ForgottenStore, SessionStore, Telemetry } from '../ports.ts';
import { amendOrCreate } from './amend.ts';
import { freshSession } from './fresh-session.ts';
import type { Lane } from './lane.ts';
import type { ReplyTaker } from './take-reply.ts';
import type { StatusTaker } from './take-status.ts';

/*
 * What LipaChat told us, entry by entry; each may come twice, late, and in any order:
 *
 * - an inbound message is remembered by its id, then moves the window by the time it was first seen with; it
 *   lets the oldest parked flow go, and a typed STOP or START is the customer's word on that;
 * - a status climbs its message's ladder;
 * - what nobody understands is kept raw and counted.
 *
 * A fault of the store goes up, so that LipaChat sends everything again: every step may be repeated.
 */

/** One thing that LipaChat told us, understood as far as it could be. */
export type Callback =
  | {
      readonly kind: 'inbound';
      /** LipaChat's id; without one a repeat can't be told from a new message. */
      readonly id: string | undefined;
      readonly pair: Pair;
      /** WhatsApp's own time of the message, where the callback carries one. */
      readonly writtenAt: Date | undefined;
      /** What the customer typed, where it is text. */
      readonly text: string | undefined;
      /** What was filled into a flow, where the message is such an answer. */
      readonly reply: { readonly response: unknown; readonly contextId: string | undefined } | undefined;
      /** The message as it came, where it is such an answer that could not be read. */
      readonly unreadable?: string | undefined;
    }
  | {
      readonly kind: 'status';
      readonly messageId: string | undefined;
      readonly report: Omit<StatusReport, 'at' | 'wireId'>;
      readonly at: Date | undefined;
    }
  | { readonly kind: 'template'; readonly status: Omit<TemplateStatus, 'id' | 'at'> }
  /** Understood, and of no consequence for windows and messages. */
  | { readonly kind: 'notice'; readonly about: string }
  | { readonly kind: 'unrecognised'; readonly raw: string };

type Inbound = Extract<Callback, { kind: 'inbound' }>;

export interface TakeCallbacksDeps {
  readonly sessions: SessionStore;
  readonly callbacks: CallbackStore;
  readonly takeStatus: StatusTaker;
  readonly takeReply: ReplyTaker;
  readonly forgotten: ForgottenStore;
  readonly lane: Lane;
  readonly words: ConsentWords;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

const AT_ONCE = 16;

export function makeTakeCallbacks(deps: TakeCallbacksDeps) {
  const { sessions, callbacks, forgotten, takeStatus, takeReply, lane, words, clock, telemetry } = deps;

  async function inbound(message: Inbound, correlationId: string): Promise<void> {
    const now = clock.now();
    // A stamp from the future counts as now, also when the same message comes again.
    const seen = message.writtenAt && message.writtenAt < now ? message.writtenAt : now;
    const { writtenAt } = message.id
      ? await callbacks.remember({ id: message.id, writtenAt: seen }, now)
      : { writtenAt: seen };
    const { pair, text } = message;
    const word = text === undefined ? undefined : consentIn(text, words);
    const fresh = await freshSession(forgotten, pair);
    const session = await amendOrCreate(sessions, pair, fresh, (session) => {
      const written = afterInbound(session, { writtenAt, now });
      return word ? afterConsent(written, { optedOut: word === 'stop', at: writtenAt }) : written;
    });
    if (message.unreadable !== undefined) await keepUnreadable(message.unreadable);
    if (message.reply) await takeReplyOf(message, message.reply, writtenAt);
    const stopped = hasOptedOut(session);
    if (!stopped && hasOptedOut(fresh)) await forgotten.forget(pair);
    if (stopped) await lane.cancelAll(pair, correlationId);
    else await lane.wake(pair);
  }

  /** A filled-in flow that fits none of ours is kept raw: another system may have sent it. */
  async function takeReplyOf(
    message: Inbound,
    reply: NonNullable<Inbound['reply']>,
    at: Date,
  ): Promise<void> {
    const id = message.id ?? at.toISOString();
    const outcome = await takeReply({ ...reply, id, at, pair: message.pair });
    if (outcome === 'unmatched') await callbacks.keepRaw(JSON.stringify(message), clock.now());
  }

  /** The window opens all the same; what was filled in, people may still find. */
  async function keepUnreadable(raw: string): Promise<void> {
    telemetry.count('reply.unreadable');
    await callbacks.keepRaw(raw, clock.now());
  }

  function take(callback: Callback, correlationId: string): Promise<void> {
    telemetry.count(`callback.${callback.kind}`);
    switch (callback.kind) {
      case 'inbound':
        return inbound(callback, correlationId);
      case 'status': {
        const { messageId, report } = callback;
        const now = clock.now();
        const at = callback.at && callback.at < now ? callback.at : now;
        return takeStatus(messageId, { ...report, at });
      }
      case 'template': {
        const at = clock.now();
        const { templateId, templateName } = callback.status;
        const id = templateId ?? templateName ?? 'unknown';
        return callbacks.keepTemplateStatus({ ...callback.status, id, at });
      }
      case 'notice':
        telemetry.info('callback.notice', { about: callback.about });
        return Promise.resolve();
      case 'unrecognised':
        telemetry.warn('callback.unrecognised', { bytes: callback.raw.length });
        return callbacks.keepRaw(callback.raw, clock.now());
    }
  }

  return async function takeCallbacks(entries: readonly Callback[], correlationId: string): Promise<void> {
    await pMap(entries, (entry) => take(entry, correlationId), { concurrency: AT_ONCE });
  };
}
