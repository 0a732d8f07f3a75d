import type { NewId } from '../messages/gateway-message-id.ts';
import { fenceOf } from '../messages/lease.ts';
import { transition } from '../messages/lifecycle.ts';
import { type FlowRequest, type Message, pairOf } from '../messages/message.ts';
import type { MessageStore } from '../messages/ports.ts';
import type { RecipientQueue } from '../messages/recipient-queue.ts';
import type { Clock, Stored, Telemetry } from '../platform/ports.ts';
import { updateWithRetry } from '../platform/update-with-retry.ts';
import type { SessionStore } from '../sessions/ports.ts';
import type { Pair } from '../whatsapp/phone.ts';
import { afterGatewayClosed, type Session } from '../whatsapp/session-window.ts';
import type { Attempt, SendResult } from './attempt.ts';
import { type NotSent, sessionClosedSince } from './not-sent.ts';
import type { SendTemplate } from './send-template.ts';

/*
 * Handles a request while the session window is shut. No free-form message leaves, and `whenClosed` decides:
 * the claim is refused, or the flow is parked, its template message is sent if there is one, and a reply that
 * crossed the parking releases it.
 */

export interface WindowClosedDeps {
  readonly messages: MessageStore;
  readonly sessions: SessionStore;
  readonly notSent: NotSent;
  readonly sendTemplate: SendTemplate;
  readonly recipientQueue: RecipientQueue;
  readonly clock: Clock;
  readonly newId: () => NewId;
  readonly telemetry: Telemetry;
}

export type WindowClosed = ReturnType<typeof makeWindowClosed>;

export function makeWindowClosed(deps: WindowClosedDeps) {
  const { messages, sessions, notSent, sendTemplate, recipientQueue, clock, newId, telemetry } = deps;

  async function refuseOrPark(
    claim: Stored<Message>,
    attempt: Attempt,
    { request, session }: { readonly request: FlowRequest; readonly session: Session | undefined },
  ): Promise<SendResult> {
    if (request.whenClosed === 'reject') {
      return notSent.refuse(claim, attempt, 'session-closed', sessionClosedSince(session?.window?.expiresAt));
    }
    const facts = { fence: fenceOf(claim.value), now: clock.now(), templateId: newId() };
    const waiting = await updateWithRetry(messages, claim, (m) => transition(m, 'windowClosed', facts));
    if (waiting?.value.status !== 'parked') return { message: waiting?.value ?? claim.value, fresh: true };
    return afterParking(waiting, attempt);
  }

  /** Sends the template message of a flow that has just been parked, by its claim or by `refuseOrPark`. */
  async function afterParking(
    waiting: Stored<Message>,
    attempt: Pick<Attempt, 'correlationId' | 'deadlineAt' | 'terms'>,
  ): Promise<SendResult> {
    // The flow waits in any case. The sweeper retries a failed template message.
    const { flow, throttleReason } = await sendTemplate(waiting, attempt).catch((fault) => {
      telemetry.error('template.failed', fault, { messageId: waiting.value.messageId });
      return { flow: waiting, throttleReason: undefined };
    });
    // A reply that crossed the parking found nothing to release.
    await recipientQueue
      .releaseNext(pairOf(flow.value))
      .catch((fault: unknown) => telemetry.error('recipient-queue.stalled', fault));
    return { message: flow.value, fresh: true, throttleReason };
  }

  /** WhatsApp reported a shut window, whatever our ledger says, so nothing is repeated blindly. */
  async function close(pair: Pair, seen: Session): Promise<Session | undefined> {
    const now = clock.now();
    // If the customer wrote since, another window is open.
    const closed = (s: Session) =>
      s.window?.lastInboundAt.getTime() === seen.window?.lastInboundAt.getTime()
        ? afterGatewayClosed(s, now)
        : s;
    try {
      return (await updateWithRetry(sessions, await sessions.get(pair), closed))?.value;
    } catch (fault) {
      // The message has priority: the next refusal closes the window again.
      telemetry.error('window.close-failed', fault);
      return undefined;
    }
  }

  return { refuseOrPark, afterParking, close };
}
