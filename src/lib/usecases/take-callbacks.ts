import pMap from 'p-map';
import type { StatusReport } from '../domain/message.ts';
import type { Pair } from '../domain/phone.ts';
import { afterInbound } from '../domain/session.ts';
import type { CallbackStore, Clock, SessionStore, Telemetry } from '../ports.ts';
import { amend } from './amend.ts';
import type { StatusTaker } from './take-status.ts';

/*
 * What LipaChat told us, entry by entry; each may come twice, late, and in any order:
 *
 * - an inbound message is remembered by its id, then moves the window by the time it was first seen with;
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
    }
  | {
      readonly kind: 'status';
      readonly messageId: string | undefined;
      readonly report: Omit<StatusReport, 'at'>;
      readonly at: Date | undefined;
    }
  /** Understood, and of no consequence for windows and messages. */
  | { readonly kind: 'notice'; readonly about: string }
  | { readonly kind: 'unrecognised'; readonly raw: string };

export interface TakeCallbacksDeps {
  readonly sessions: SessionStore;
  readonly callbacks: CallbackStore;
  readonly takeStatus: StatusTaker;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

const AT_ONCE = 16;

export function makeTakeCallbacks({ sessions, callbacks, takeStatus, clock, telemetry }: TakeCallbacksDeps) {
  async function inbound(message: Callback & { kind: 'inbound' }): Promise<void> {
    const now = clock.now();
    // A stamp from the future counts as now, also when the same message comes again.
    const seen = message.writtenAt && message.writtenAt < now ? message.writtenAt : now;
    const { writtenAt } = message.id
      ? await callbacks.remember({ id: message.id, writtenAt: seen }, now)
      : { writtenAt: seen };
    const opening = { pair: message.pair, writtenAt, now };
    const stored = await sessions.get(message.pair);
    if (stored) {
      await amend(sessions, stored, (session) => afterInbound(session, opening) ?? session);
      return;
    }
    const first = afterInbound(undefined, opening);
    if (!first) return;
    const written = await sessions.create(first);
    if (!written.done)
      await amend(sessions, written.stored, (session) => afterInbound(session, opening) ?? session);
  }

  function take(callback: Callback): Promise<void> {
    telemetry.count(`callback.${callback.kind}`);
    switch (callback.kind) {
      case 'inbound':
        return inbound(callback);
      case 'status': {
        const { messageId, report } = callback;
        return takeStatus(messageId, { ...report, at: callback.at ?? clock.now() });
      }
      case 'notice':
        telemetry.info('callback.notice', { about: callback.about });
        return Promise.resolve();
      case 'unrecognised':
        telemetry.warn('callback.unrecognised', { bytes: callback.raw.length });
        return callbacks.keepRaw(callback.raw, clock.now());
    }
  }

  return async function takeCallbacks(entries: readonly Callback[]): Promise<void> {
    await pMap(entries, take, { concurrency: AT_ONCE });
  };
}
