import { fenceOf } from '../messages/claim.ts';
import { transition } from '../messages/lifecycle.ts';
import { type FlowRequest, type Message, pairOf } from '../messages/message.ts';
import type { MessageStore } from '../messages/ports.ts';
import type { RecipientQueue } from '../messages/recipient-queue.ts';
import type { Clock, Stored, Telemetry } from '../platform/ports.ts';
import { updateWithRetry } from '../platform/update-with-retry.ts';
import type { SessionStore } from '../sessions/ports.ts';
import type { Pair } from '../whatsapp/phone.ts';
import { afterGatewayClosed, type Session, wasShutSince } from '../whatsapp/session-window.ts';
import type { Attempt, AttemptResult } from './attempt.ts';
import { type NotSent, sessionClosedSince } from './not-sent.ts';
import type { SendTemplate } from './send-template.ts';
import type { Settler } from './settle.ts';

/*
 * A claim whose window is shut: nothing free-form leaves, and `whenClosed` says what else. It is refused, or it is
 * parked, its template message goes out where one was asked for, and a reply that crossed the parking is let in.
 */

export interface WindowClosedDeps {
  readonly messages: MessageStore;
  readonly sessions: SessionStore;
  readonly settler: Settler;
  readonly notSent: NotSent;
  readonly sendTemplate: SendTemplate;
  readonly recipientQueue: RecipientQueue;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

interface Known {
  readonly request: FlowRequest;
  readonly session: Session | undefined;
  readonly mayHaveLeft: boolean;
}

export function makeWindowClosed(deps: WindowClosedDeps) {
  const { messages, sessions, settler, notSent, sendTemplate, recipientQueue, clock, telemetry } = deps;

  async function shut(claim: Stored<Message>, attempt: Attempt, known: Known): Promise<AttemptResult> {
    const { request, session, mayHaveLeft } = known;
    if (mayHaveLeft && !neverLeft(claim.value, session)) {
      return markUnknown(claim, attempt, {
        reason: 'the session window shut before a repeat could tell',
        session,
      });
    }
    if (request.whenClosed === 'reject') {
      return notSent.refuse(claim, attempt, 'session-closed', sessionClosedSince(session?.window?.expiresAt));
    }
    const waiting = await updateWithRetry(messages, claim, (m) =>
      transition(m, 'windowClosed', { fence: fenceOf(claim.value), now: clock.now() }),
    );
    if (waiting?.value.status !== 'parked') return { message: waiting?.value ?? claim.value, fresh: true };
    // It waits in any case; what hindered its template message, the sweeper meets again.
    const { flow, throttleReason } = await sendTemplate(waiting, attempt).catch((fault) => {
      telemetry.error('invite.failed', fault, { messageId: waiting.value.messageId });
      return { flow: waiting, throttleReason: undefined };
    });
    // A reply that crossed the parking found nothing to release.
    await recipientQueue
      .releaseNext(pairOf(flow.value))
      .catch((fault: unknown) => telemetry.error('lane.stands', fault));
    return { message: flow.value, fresh: true, throttleReason };
  }

  /** What may have left is not judged by a window or a word that came later: it waits for a callback. */
  function markUnknown(
    claim: Stored<Message>,
    attempt: Attempt,
    { reason, session }: { readonly reason: string; readonly session: Session | undefined },
  ): Promise<AttemptResult> {
    const verdict = { kind: 'unknown', reason, again: false } as const;
    return settler.settle(claim, attempt, { verdict, calls: 0, session });
  }

  /** WhatsApp says that the window is shut, whatever our ledger thought: no blind repeat. */
  async function close(pair: Pair, seen: Session): Promise<Session | undefined> {
    const now = clock.now();
    // A customer who has written since has opened another window.
    const closed = (s: Session) =>
      s.window?.lastInboundAt.getTime() === seen.window?.lastInboundAt.getTime()
        ? afterGatewayClosed(s, now)
        : s;
    try {
      return (await updateWithRetry(sessions, await sessions.get(pair), closed))?.value;
    } catch (fault) {
      // The message comes first: the next refusal closes the window again.
      telemetry.error('window.close-failed', fault);
      return undefined;
    }
  }

  return { shut, close, markUnknown };
}

/** A crash came before the call: the window was shut the whole time. */
export function neverLeft(
  { attempts, firstTryAt, createdAt }: Message,
  session: Session | undefined,
): boolean {
  return attempts === 0 && wasShutSince(session, firstTryAt ?? createdAt);
}
