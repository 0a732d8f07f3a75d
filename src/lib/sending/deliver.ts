import type { LipaChatCalls } from '../lipachat/call-with-retries.ts';
import type { Release } from '../lipachat/verdict.ts';
import { gatewayMessageIdOf } from '../messages/gateway-message-id.ts';
import { dispatched, fenceOf, holds } from '../messages/lease.ts';
import { type FlowRequest, isSameRequest, type Message, pairOf } from '../messages/message.ts';
import { AppError } from '../platform/errors.ts';
import type { Stored } from '../platform/ports.ts';
import { updateWithRetry } from '../platform/update-with-retry.ts';
import { recordOptOut } from '../sessions/opt-out-record.ts';
import type { ErasedOptOutStore } from '../sessions/ports.ts';
import { hasOptedOut, isOpen, type Session, wasShutSince } from '../whatsapp/session-window.ts';
import type { Attempt, SendResult } from './attempt.ts';
import { OPTED_OUT } from './not-sent.ts';
import { sessionFor } from './read-ahead.ts';
import type { Settler } from './settle.ts';
import { hasTimeForDispatch, outOfTime } from './settle.ts';
import type { WindowClosed, WindowClosedDeps } from './window-closed.ts';

/*
 * Delivers a claim:
 *
 * 1. Opt-out: a customer who has opted out gets nothing.
 * 2. Session window: while it is shut, `whenClosed` decides (`window-closed.ts`).
 * 3. Mark the claim: from now on the request may have left. With `resend` the claim has the mark from the
 *    start.
 * 4. Dispatch, within the deadline. Too late for that, the claim is given back (`settle.ts`).
 * 5. Settle (`settle.ts`).
 *
 * If nothing left, a waiting caller gets the messageId back. A message accepted with a 202 goes back into the
 * queue, or fails if a rule forbids it or no try is left (`not-sent.ts`).
 */

export interface DeliverDeps extends Omit<WindowClosedDeps, 'sendTemplate'> {
  readonly erasedOptOuts: ErasedOptOutStore;
  readonly lipachat: LipaChatCalls;
  readonly settler: Settler;
  readonly windowClosed: WindowClosed;
  readonly gatewayDeadlineMs: number;
  readonly sessionMarginSeconds: number;
}

export type Deliver = ReturnType<typeof makeDeliver>;

/** An earlier owner's request may have left. */
interface Left {
  readonly mayHaveLeft: boolean;
}

/** Reserved for the settle, from the invocation's remaining time; at most half of it. */
const SETTLE_RESERVE_MS = 5_000;

const ANOTHERS = 'This messageId now belongs to a different request. Nothing was sent.';

export function makeDeliver(deps: DeliverDeps) {
  const { messages, sessions, lipachat, settler, notSent, windowClosed, recipientQueue, clock, telemetry } =
    deps;

  /** Delivers the claim, then lets the recipient queue continue if the message was parked. */
  async function deliver(claim: Stored<Message>, attempt: Attempt, left: Left): Promise<SendResult> {
    const result = await deliverClaim(claim, attempt, left).catch((fault) => {
      if (left.mayHaveLeft || !claim.value.accepted) throw fault;
      telemetry.error('attempt.failed', fault, { messageId: claim.value.messageId });
      return notSent.requeue(claim, attempt, { kind: 'release', code: 'gateway-unavailable', retryAfter: 5 });
    });
    if (claim.value.parkedUntil && result.message.status !== 'parked') {
      // The message itself is settled; the sweeper moves the queue within a minute.
      const stalled = (fault: unknown) => telemetry.error('recipient-queue.stalled', fault);
      await recipientQueue.startPause(pairOf(result.message)).catch(stalled);
    }
    return result;
  }

  async function deliverClaim(
    claim: Stored<Message>,
    attempt: Attempt,
    { mayHaveLeft }: Left,
  ): Promise<SendResult> {
    const giveBack = (fault: unknown) => notSent.afterFault(claim, attempt, mayHaveLeft, fault);
    const request = attempt.request ?? claim.value.request;
    const session = await sessionFor(pairOf(claim.value), { ...deps, ...attempt }).catch(giveBack);
    const mayJudge = () => !mayHaveLeft || neverLeft(claim.value, session);
    if (!request || hasOptedOut(session)) {
      if (!mayJudge()) return markUnknown(claim, attempt, { reason: OPTED_OUT_LATE, session });
      return notSent.refuse(claim, attempt, 'recipient-opted-out', OPTED_OUT);
    }
    if (!isOpen(session, clock.now(), deps.sessionMarginSeconds)) {
      if (!mayJudge()) return markUnknown(claim, attempt, { reason: SHUT_LATE, session });
      return windowClosed.refuseOrPark(claim, attempt, { request, session });
    }
    const apiKey = await attempt.ahead.apiKey().catch(giveBack);
    const marked = isMarked(claim) ? claim : await markDispatched(claim).catch(giveBack);
    if (marked !== claim) {
      if (!isSameRequest(marked.value, claim.value)) throw new AppError('message-id-reused', ANOTHERS);
      if (!holds(fenceOf(claim.value), marked.value)) return { message: marked.value, fresh: false };
    }
    return dispatch(marked, attempt, { request, session, apiKey, mayHaveLeft });
  }

  /** A later opt-out or shut window says nothing about a request that may have left: it waits for a callback. */
  function markUnknown(
    claim: Stored<Message>,
    attempt: Attempt,
    { reason, session }: { readonly reason: string; readonly session: Session },
  ): Promise<SendResult> {
    const verdict = { kind: 'unknown', reason, again: false } as const;
    return settler.settle(claim, attempt, { verdict, calls: 0, session });
  }

  /** If only the acknowledgement of the mark was lost, the stored message has it. */
  async function markDispatched(claim: Stored<Message>): Promise<Stored<Message>> {
    const fence = fenceOf(claim.value);
    try {
      return (await updateWithRetry(messages, claim, (m) => dispatched(m, fence) ?? m)) ?? claim;
    } catch (fault) {
      const stored = await messages.get(claim.value.messageId);
      if (stored && isMarked(stored) && holds(fence, stored.value)) return stored;
      throw fault;
    }
  }

  async function dispatch(
    claim: Stored<Message>,
    attempt: Attempt,
    known: Left & { readonly request: FlowRequest; readonly session: Session; readonly apiKey: string },
  ): Promise<SendResult> {
    const { request, session, apiKey, mayHaveLeft } = known;
    if (!mayHaveLeft && !hasTimeForDispatch(attempt, clock.now())) {
      return notSent.afterFault(claim, attempt, mayHaveLeft, outOfTime());
    }
    const terms = {
      apiKey,
      deadlineAt: dispatchDeadline(attempt, claim.value),
      ambiguityMode: attempt.terms.ambiguity.mode,
      mayHaveLeft,
    };
    const { verdict, calls } = await lipachat.sendFlow(request, gatewayMessageIdOf(claim.value), terms);
    try {
      if (verdict.kind === 'release') return await release(claim, attempt, { verdict, request, session });
      if (verdict.kind === 'unknown' && verdict.windowShut)
        await windowClosed.close(pairOf(claim.value), session);
      return await settler.settle(claim, attempt, { verdict, calls, session });
    } finally {
      // Log after the outcome is stored.
      telemetry.info('dispatch.done', { messageId: request.messageId, verdict: verdict.kind, calls });
    }
  }

  function dispatchDeadline(attempt: Attempt, claim: Message): Date {
    const now = clock.now().getTime();
    const own = now + deps.gatewayDeadlineMs;
    const reserve = Math.min(SETTLE_RESERVE_MS, (attempt.deadlineAt.getTime() - now) / 2);
    const invocation = attempt.deadlineAt.getTime() - reserve;
    // Past the lease another owner may call, and LipaChat's deduplication is weakest for concurrent calls.
    return new Date(Math.min(own, invocation, claim.lease?.until.getTime() ?? own));
  }

  async function release(
    claim: Stored<Message>,
    attempt: Attempt,
    known: { readonly verdict: Release; readonly request: FlowRequest; readonly session: Session },
  ): Promise<SendResult> {
    const { verdict, request } = known;
    if (verdict.alert) telemetry.count('gateway.alert');
    if (verdict.code === 'session-closed') {
      const session = await windowClosed.close(pairOf(claim.value), known.session);
      return windowClosed.refuseOrPark(claim, attempt, { request, session });
    }
    if (verdict.code === 'recipient-opted-out') {
      await recordOptOut({ sessions, erasedOptOuts: deps.erasedOptOuts }, pairOf(claim.value), clock.now());
      return notSent.refuse(claim, attempt, verdict.code, OPTED_OUT);
    }
    return notSent.notNow(claim, attempt, verdict);
  }

  return deliver;
}

const OPTED_OUT_LATE = 'the customer opted out before a repeat could confirm the outcome';
const SHUT_LATE = 'the session window closed before a repeat could confirm the outcome';

const isMarked = ({ value }: Stored<Message>): boolean => value.lease?.phase === 'dispatched';

/** Did a crash come before the call? It did if the window was shut the whole time. */
function neverLeft({ attempts, firstTryAt, createdAt }: Message, session: Session | undefined): boolean {
  return attempts === 0 && wasShutSince(session, firstTryAt ?? createdAt);
}
