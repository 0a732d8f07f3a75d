import { dispatched, type Fence, fenceOf, holds, isFresh, undispatched } from '../domain/claim.ts';
import type { Verdict } from '../domain/delivery.ts';
import { AppError } from '../domain/errors.ts';
import type { Message } from '../domain/message.ts';
import { afterGatewayClosed, isOpen, type Session, wasShutSince } from '../domain/session.ts';
import { standingIdle } from '../domain/settlement.ts';
import type { MessageStore, SessionStore, Stored, Telemetry } from '../ports.ts';
import { amend } from './amend.ts';
import { type DispatchDeps, dispatch } from './dispatch.ts';
import type { CarriedOut, Errand } from './errand.ts';
import type { Settler } from './settle.ts';

/*
 * Carrying out a claim that is ours:
 *
 * 1. the window: shut means that nothing is sent;
 * 2. the mark that the request may leave, where the claim doesn't bear it already;
 * 3. dispatch, within the deadline;
 * 4. settle: the outcome is written in the light of what is stored by then, for a callback, or another owner
 *    after our lease, may have been faster.
 */

export interface CarryOutDeps extends DispatchDeps {
  readonly messages: MessageStore;
  readonly sessions: SessionStore;
  readonly settler: Settler;
  readonly telemetry: Telemetry;
  readonly settings: {
    readonly gatewayDeadlineMs: number;
    readonly gatewayAttempts: number;
    readonly sessionMarginSeconds: number;
  };
}

type Release = Extract<Verdict, { kind: 'release' }>;

export type Carrier = ReturnType<typeof makeCarrier>;

/** Kept back of the invocation's time for the settle; half of it, where there is less. */
const SETTLE_RESERVE_MS = 5_000;

export function makeCarrier(deps: CarryOutDeps) {
  const { messages, sessions, settler, clock, telemetry, settings } = deps;

  async function carryOut(
    claim: Stored<Message>,
    errand: Errand,
    { mayHaveLeft }: { readonly mayHaveLeft: boolean },
  ): Promise<CarriedOut> {
    const request = errand.request ?? claim.value.request;
    const fence = fenceOf(claim.value);
    const session = await errand.ahead
      .session()
      .catch((fault) => giveBack(claim, errand, mayHaveLeft, fault));
    const now = clock.now();
    if (!request || !isOpen(session?.value, now, settings.sessionMarginSeconds)) {
      return shut(claim, errand, { session: session?.value, mayHaveLeft });
    }
    await errand.ahead.apiKey().catch((fault) => giveBack(claim, errand, mayHaveLeft, fault));
    const marked = await markDispatched(claim, fence).catch((fault) =>
      giveBack(claim, errand, mayHaveLeft, fault),
    );
    if (!holds(fence, marked.value)) return { message: marked.value, fresh: false };

    const terms = { deadlineAt: dispatchDeadline(errand, marked.value), maxCalls: settings.gatewayAttempts };
    const ambiguityMode = errand.terms.ambiguity.mode;
    const { verdict, calls } = await dispatch(deps, request, { ...terms, ambiguityMode, mayHaveLeft });
    telemetry.count(`dispatch.${verdict.kind}`);
    telemetry.info('dispatch.done', { messageId: request.messageId, verdict: verdict.kind, calls });
    if (verdict.kind === 'unknown' && verdict.windowShut) await closeWindow(session);
    if (verdict.kind === 'release') return release(marked, errand, { verdict, session });
    return settler.settle(marked, errand, { verdict, calls, session: session?.value });
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

  /** The window is shut. What never left is given back; what may have left waits for a callback. */
  async function shut(
    claim: Stored<Message>,
    errand: Errand,
    { session, mayHaveLeft }: { readonly session: Session | undefined; readonly mayHaveLeft: boolean },
  ): Promise<CarriedOut> {
    const { createdAt, attempts } = claim.value;
    const neverLeft = attempts === 0 && wasShutSince(session, createdAt);
    if (!mayHaveLeft || neverLeft) {
      await messages.remove(claim);
      throw sessionClosed(session?.expiresAt);
    }
    const reason = 'the session window shut before a repeat could tell';
    return settler.settle(claim, errand, {
      verdict: { kind: 'unknown', reason, again: false },
      calls: 0,
      session,
    });
  }

  /** WhatsApp says that the window is shut, whatever our ledger thought: no blind repeat. */
  async function closeWindow(seen: Stored<Session> | undefined): Promise<void> {
    const now = clock.now();
    // A customer who has written since has opened another window.
    const isSame = (s: Session) => s.lastInboundAt.getTime() === seen?.value.lastInboundAt.getTime();
    const closing = amend(sessions, seen, (s) => (isSame(s) ? afterGatewayClosed(s, now) : s));
    // The message comes first: the next refusal closes the window again.
    await closing.catch((fault) => telemetry.error('window.close-failed', fault));
  }

  async function release(
    claim: Stored<Message>,
    errand: Errand,
    { verdict, session }: { readonly verdict: Release; readonly session: Stored<Session> | undefined },
  ): Promise<CarriedOut> {
    const now = clock.now();
    const closed = verdict.code === 'session-closed';
    if (errand.source === 'sweeper' && !closed) return standBy(claim, errand, verdict);
    const kept = await letGo(claim);
    if (closed) await closeWindow(session);
    if (kept) return { message: kept, fresh: false };
    throw closed ? sessionClosed(now) : new AppError(verdict.code, DETAIL[verdict.code] ?? '', verdict);
  }

  /** Gives the claim back; or the message, where somebody else carries on with it by now. */
  async function letGo(claim: Stored<Message>): Promise<Message | undefined> {
    if (await messages.remove(claim)) return undefined;
    const stored = (await messages.get(claim.value.messageId))?.value;
    return stored && isSame(stored, claim.value) ? stored : undefined;
  }

  /**
   * Nothing left, and no caller waits for the answer. The claim stays, and the end of its lease brings it back,
   * as long as the message is fresh; then it stands for people to see.
   */
  async function standBy(claim: Stored<Message>, errand: Errand, { code }: Release): Promise<CarriedOut> {
    const now = clock.now();
    const fence = fenceOf(claim.value);
    const fresh = isFresh(claim.value, { ...errand.terms, now });
    const standing = await amend(messages, claim, (m) =>
      fresh
        ? undispatched(m, fence)
        : standingIdle(m, fence, { now, reason: `it could not be sent (${code})` }),
    );
    return { message: standing?.value ?? claim.value, fresh: false };
  }

  /** A fault before anything left: the claim goes back, as far as the store lets us, and the fault goes up. */
  async function giveBack(
    claim: Stored<Message>,
    errand: Errand,
    mayHaveLeft: boolean,
    fault: unknown,
  ): Promise<never> {
    if (!mayHaveLeft && errand.source === 'caller') {
      await messages.remove(claim).catch((e) => telemetry.error('release.failed', e));
    }
    throw fault;
  }

  return { carryOut };
}

/** A claim that was given back may be followed by another one's, under the same messageId. */
function isSame(stored: Message, claim: Message): boolean {
  return stored.fingerprint === claim.fingerprint && stored.clientId === claim.clientId;
}

const DETAIL: Partial<Record<AppError['code'], string>> = {
  'gateway-credentials': 'LipaChat refused the apiKey. Nothing was sent; the operator has to renew the key.',
  'gateway-throttled': 'LipaChat asks for a slower pace. Nothing was sent.',
  'gateway-unavailable': 'LipaChat could not be reached. Nothing was sent.',
};

function sessionClosed(shutAt: Date | undefined): AppError {
  const since = shutAt ? `shut at ${shutAt.toISOString()}` : 'has never been open';
  return new AppError(
    'session-closed',
    `The 24-hour session window with this customer ${since}. Nothing was sent and the messageId is free. ` +
      'whenClosed says what to do then: "reject" is what was asked for.',
  );
}
