import { type CallDeps, callWithRetries } from '../lipachat/call-with-retries.ts';
import type { Gateway } from '../lipachat/ports.ts';
import type { Release } from '../lipachat/verdict.ts';
import { dispatched, type Fence, fenceOf, holds } from '../messages/claim.ts';
import { gatewayMessageIdOf } from '../messages/gateway-message-id.ts';
import { type FlowRequest, isSameRequest, type Message, pairOf } from '../messages/message.ts';
import { AppError } from '../platform/errors.ts';
import type { Stored } from '../platform/ports.ts';
import { updateWithRetry } from '../platform/update-with-retry.ts';
import { freshSession, recordOptOut } from '../sessions/opt-out-record.ts';
import type { ErasedOptOutStore } from '../sessions/ports.ts';
import { hasOptedOut, isOpen, type Session } from '../whatsapp/session-window.ts';
import type { Attempt, AttemptResult } from './attempt.ts';
import { OPTED_OUT } from './not-sent.ts';
import { makeWindowClosed, neverLeft, type WindowClosedDeps } from './window-closed.ts';

/*
 * Carrying out a claim that is ours:
 *
 * 1. the customer's word: who has opted out gets nothing;
 * 2. the window: shut means that nothing free-form is sent, and `whenClosed` says what else (`shut-window.ts`);
 * 3. the mark that the request may leave, where the claim doesn't bear it already;
 * 4. dispatch, within the deadline;
 * 5. settle: the outcome is written in the light of what is stored by then, for a callback, or another owner
 *    after our lease, may have been faster.
 *
 * What did not leave is given back to a caller who waits for the answer; a message that was accepted by a 202
 * comes back by the queue, or fails when the rules say never or the tries are used up.
 */

export interface DeliverDeps extends CallDeps, WindowClosedDeps {
  readonly erasedOptOuts: ErasedOptOutStore;
  readonly gateway: Gateway;
  readonly settings: {
    readonly gatewayDeadlineMs: number;
    readonly gatewayAttempts: number;
    readonly sessionMarginSeconds: number;
  };
}

export type Deliver = ReturnType<typeof makeDeliver>;

/** Kept back of the invocation's time for the settle; half of it, where there is less. */
const SETTLE_RESERVE_MS = 5_000;

const ANOTHERS = 'This messageId belongs to another request by now. Nothing was sent.';

export function makeDeliver(deps: DeliverDeps) {
  const {
    messages,
    sessions,
    erasedOptOuts,
    gateway,
    settler,
    notSent,
    recipientQueue,
    clock,
    telemetry,
    settings,
  } = deps;
  const windowClosed = makeWindowClosed(deps);

  /** Carries it out, and then lets the lane move on, if it was parked in one. */
  async function deliver(
    claim: Stored<Message>,
    attempt: Attempt,
    left: { readonly mayHaveLeft: boolean },
  ): Promise<AttemptResult> {
    const done = await deliverClaim(claim, attempt, left).catch((fault) => {
      if (left.mayHaveLeft || !claim.value.accepted) throw fault;
      telemetry.error('attempt.failed', fault, { messageId: claim.value.messageId });
      return notSent.requeue(claim, attempt, { kind: 'release', code: 'gateway-unavailable', retryAfter: 5 });
    });
    if (claim.value.parkedUntil && done.message.status !== 'parked') {
      await recipientQueue.startPause(pairOf(done.message)).catch(logStalledQueue);
    }
    return done;
  }

  /** The message itself is settled; the sweeper moves the lane within a minute. */
  const logStalledQueue = (fault: unknown) => telemetry.error('lane.stands', fault);

  async function deliverClaim(
    claim: Stored<Message>,
    attempt: Attempt,
    { mayHaveLeft }: { readonly mayHaveLeft: boolean },
  ): Promise<AttemptResult> {
    const request = attempt.request ?? claim.value.request;
    const back = (fault: unknown) => notSent.afterFault(claim, attempt, mayHaveLeft, fault);
    const known = (await attempt.ahead.session().catch(back))?.value;
    // Only where nothing is known: who was erased may have opted out before.
    const session = known ?? (await freshSession(erasedOptOuts, pairOf(claim.value)).catch(back));
    if (!request || hasOptedOut(session)) return optedOut(claim, attempt, { session, mayHaveLeft });
    if (!isOpen(session, clock.now(), settings.sessionMarginSeconds)) {
      return windowClosed.shut(claim, attempt, { request, session, mayHaveLeft });
    }
    await attempt.ahead.apiKey().catch(back);
    const marked = await markDispatched(claim, fenceOf(claim.value)).catch(back);
    if (!isSameRequest(marked.value, claim.value)) throw new AppError('message-id-reused', ANOTHERS);
    if (!holds(fenceOf(claim.value), marked.value)) return { message: marked.value, fresh: false };

    const { verdict, calls } = await callWithRetries(
      deps,
      (call) => gateway.sendFlow(request, { ...call, gatewayMessageId: gatewayMessageIdOf(marked.value) }),
      {
        deadlineAt: dispatchDeadline(attempt, marked.value),
        maxCalls: settings.gatewayAttempts,
        ambiguityMode: attempt.terms.ambiguity.mode,
        mayHaveLeft,
      },
    );
    telemetry.count(`dispatch.${verdict.kind}`);
    try {
      if (verdict.kind === 'unknown' && verdict.windowShut)
        await windowClosed.close(pairOf(request), session);
      if (verdict.kind === 'release') return await release(marked, attempt, { verdict, request, session });
      return await settler.settle(marked, attempt, { verdict, calls, session });
    } finally {
      // After it: what was learnt is stored first.
      telemetry.info('dispatch.done', { messageId: request.messageId, verdict: verdict.kind, calls });
    }
  }

  /** A mark whose acknowledgement was lost is looked for before it counts as a fault: it must not stand idle. */
  async function markDispatched(claim: Stored<Message>, fence: Fence): Promise<Stored<Message>> {
    if (claim.value.lease?.phase === 'dispatched') return claim;
    try {
      return (await updateWithRetry(messages, claim, (m) => dispatched(m, fence) ?? m)) ?? claim;
    } catch (fault) {
      const stored = await messages.get(claim.value.messageId);
      const isMarked = stored?.value.lease?.phase === 'dispatched' && holds(fence, stored.value);
      if (stored && isMarked) return stored;
      throw fault;
    }
  }

  function dispatchDeadline(attempt: Attempt, claim: Message): Date {
    const now = clock.now().getTime();
    const own = now + settings.gatewayDeadlineMs;
    const reserve = Math.min(SETTLE_RESERVE_MS, (attempt.deadlineAt.getTime() - now) / 2);
    const invocation = attempt.deadlineAt.getTime() - reserve;
    // Past the lease another owner may call; two calls at once are what LipaChat's deduplication is worst at.
    return new Date(Math.min(own, invocation, claim.lease?.until.getTime() ?? own));
  }

  function optedOut(
    claim: Stored<Message>,
    attempt: Attempt,
    { session, mayHaveLeft }: { readonly session: Session | undefined; readonly mayHaveLeft: boolean },
  ): Promise<AttemptResult> {
    if (mayHaveLeft && !neverLeft(claim.value, session)) {
      const reason = 'the customer opted out before a repeat could tell';
      return windowClosed.markUnknown(claim, attempt, { reason, session });
    }
    return notSent.refuse(claim, attempt, 'recipient-opted-out', OPTED_OUT);
  }

  async function release(
    claim: Stored<Message>,
    attempt: Attempt,
    known: { readonly verdict: Release; readonly request: FlowRequest; readonly session: Session },
  ): Promise<AttemptResult> {
    const { verdict, request, session } = known;
    const now = clock.now();
    const pair = pairOf(request);
    if (verdict.alert) telemetry.count('gateway.alert');
    if (verdict.code === 'session-closed') {
      const closed = await windowClosed.close(pair, session);
      return windowClosed.shut(claim, attempt, { request, session: closed, mayHaveLeft: false });
    }
    if (verdict.code === 'recipient-opted-out') {
      await recordOptOut({ sessions, erasedOptOuts }, pair, now);
      return notSent.refuse(claim, attempt, verdict.code, OPTED_OUT);
    }
    return notSent.notNow(claim, attempt, verdict);
  }

  return deliver;
}
