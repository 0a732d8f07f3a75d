import { type DispatchDeps, dispatch } from '../lipachat/call-with-retries.ts';
import type { Gateway } from '../lipachat/ports.ts';
import type { Release } from '../lipachat/verdict.ts';
import { dispatched, type Fence, fenceOf, holds } from '../messages/claim.ts';
import { wireIdOf } from '../messages/gateway-message-id.ts';
import { type FlowRequest, isSameRequest, type Message, pairOf } from '../messages/message.ts';
import { AppError } from '../platform/errors.ts';
import type { Stored } from '../platform/ports.ts';
import { amend } from '../platform/update-with-retry.ts';
import { freshSession, recordOptOut } from '../sessions/opt-out-record.ts';
import type { ForgottenStore } from '../sessions/ports.ts';
import { hasOptedOut, isOpen, type Session } from '../whatsapp/session-window.ts';
import type { CarriedOut, Errand } from './attempt.ts';
import { OPTED_OUT } from './not-sent.ts';
import { makeShutWindow, neverLeft, type ShutWindowDeps } from './window-closed.ts';

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
 * What did not leave is given back to a caller who waits for the answer; a message that was promised by a 202
 * comes back by the queue, or fails when the rules say never or the tries are used up.
 */

export interface CarryOutDeps extends DispatchDeps, ShutWindowDeps {
  readonly forgotten: ForgottenStore;
  readonly gateway: Gateway;
  readonly settings: {
    readonly gatewayDeadlineMs: number;
    readonly gatewayAttempts: number;
    readonly sessionMarginSeconds: number;
  };
}

export type Carrier = ReturnType<typeof makeCarrier>;

/** Kept back of the invocation's time for the settle; half of it, where there is less. */
const SETTLE_RESERVE_MS = 5_000;

const ANOTHERS = 'This messageId belongs to another request by now. Nothing was sent.';

export function makeCarrier(deps: CarryOutDeps) {
  const { messages, sessions, forgotten, gateway, settler, unsent, lane, clock, telemetry, settings } = deps;
  const shutWindow = makeShutWindow(deps);

  /** Carries it out, and then lets the lane move on, if it was parked in one. */
  async function carryOut(
    claim: Stored<Message>,
    errand: Errand,
    left: { readonly mayHaveLeft: boolean },
  ): Promise<CarriedOut> {
    const done = await attempt(claim, errand, left).catch((fault) => {
      if (left.mayHaveLeft || !claim.value.promised) throw fault;
      telemetry.error('attempt.failed', fault, { messageId: claim.value.messageId });
      return unsent.comeBack(claim, errand, { kind: 'release', code: 'gateway-unavailable', retryAfter: 5 });
    });
    if (claim.value.parkedUntil && done.message.status !== 'parked') {
      await lane.moveOn(pairOf(done.message)).catch(laneStands);
    }
    return done;
  }

  /** The message itself is settled; the sweeper moves the lane within a minute. */
  const laneStands = (fault: unknown) => telemetry.error('lane.stands', fault);

  async function attempt(
    claim: Stored<Message>,
    errand: Errand,
    { mayHaveLeft }: { readonly mayHaveLeft: boolean },
  ): Promise<CarriedOut> {
    const request = errand.request ?? claim.value.request;
    const back = (fault: unknown) => unsent.afterFault(claim, errand, mayHaveLeft, fault);
    const known = (await errand.ahead.session().catch(back))?.value;
    // Only where nothing is known: who was erased may have opted out before.
    const session = known ?? (await freshSession(forgotten, pairOf(claim.value)).catch(back));
    if (!request || hasOptedOut(session)) return optedOut(claim, errand, { session, mayHaveLeft });
    if (!isOpen(session, clock.now(), settings.sessionMarginSeconds)) {
      return shutWindow.shut(claim, errand, { request, session, mayHaveLeft });
    }
    await errand.ahead.apiKey().catch(back);
    const marked = await markDispatched(claim, fenceOf(claim.value)).catch(back);
    if (!isSameRequest(marked.value, claim.value)) throw new AppError('message-id-reused', ANOTHERS);
    if (!holds(fenceOf(claim.value), marked.value)) return { message: marked.value, fresh: false };

    const { verdict, calls } = await dispatch(
      deps,
      (call) => gateway.sendFlow(request, { ...call, wireId: wireIdOf(marked.value) }),
      {
        deadlineAt: dispatchDeadline(errand, marked.value),
        maxCalls: settings.gatewayAttempts,
        ambiguityMode: errand.terms.ambiguity.mode,
        mayHaveLeft,
      },
    );
    telemetry.count(`dispatch.${verdict.kind}`);
    try {
      if (verdict.kind === 'unknown' && verdict.windowShut) await shutWindow.close(pairOf(request), session);
      if (verdict.kind === 'release') return await release(marked, errand, { verdict, request, session });
      return await settler.settle(marked, errand, { verdict, calls, session });
    } finally {
      // After it: what was learnt is stored first.
      telemetry.info('dispatch.done', { messageId: request.messageId, verdict: verdict.kind, calls });
    }
  }

  /** A mark whose acknowledgement was lost is looked for before it counts as a fault: it must not stand idle. */
  async function markDispatched(claim: Stored<Message>, fence: Fence): Promise<Stored<Message>> {
    if (claim.value.lease?.phase === 'dispatched') return claim;
    try {
      return (await amend(messages, claim, (m) => dispatched(m, fence) ?? m)) ?? claim;
    } catch (fault) {
      const stored = await messages.get(claim.value.messageId);
      const isMarked = stored?.value.lease?.phase === 'dispatched' && holds(fence, stored.value);
      if (stored && isMarked) return stored;
      throw fault;
    }
  }

  function dispatchDeadline(errand: Errand, claim: Message): Date {
    const now = clock.now().getTime();
    const own = now + settings.gatewayDeadlineMs;
    const reserve = Math.min(SETTLE_RESERVE_MS, (errand.deadlineAt.getTime() - now) / 2);
    const invocation = errand.deadlineAt.getTime() - reserve;
    // Past the lease another owner may call; two calls at once are what LipaChat's deduplication is worst at.
    return new Date(Math.min(own, invocation, claim.lease?.until.getTime() ?? own));
  }

  function optedOut(
    claim: Stored<Message>,
    errand: Errand,
    { session, mayHaveLeft }: { readonly session: Session | undefined; readonly mayHaveLeft: boolean },
  ): Promise<CarriedOut> {
    if (mayHaveLeft && !neverLeft(claim.value, session)) {
      const reason = 'the customer opted out before a repeat could tell';
      return shutWindow.standUnknown(claim, errand, { reason, session });
    }
    return unsent.refuse(claim, errand, 'recipient-opted-out', OPTED_OUT);
  }

  async function release(
    claim: Stored<Message>,
    errand: Errand,
    known: { readonly verdict: Release; readonly request: FlowRequest; readonly session: Session },
  ): Promise<CarriedOut> {
    const { verdict, request, session } = known;
    const now = clock.now();
    const pair = pairOf(request);
    if (verdict.alert) telemetry.count('gateway.alert');
    if (verdict.code === 'session-closed') {
      const closed = await shutWindow.close(pair, session);
      return shutWindow.shut(claim, errand, { request, session: closed, mayHaveLeft: false });
    }
    if (verdict.code === 'recipient-opted-out') {
      await recordOptOut({ sessions, forgotten }, pair, now);
      return unsent.refuse(claim, errand, verdict.code, OPTED_OUT);
    }
    return unsent.notNow(claim, errand, verdict);
  }

  return { carryOut };
}
