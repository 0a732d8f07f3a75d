import { type ClaimTerms, dispatched, type Fence, fenceOf, holds, mayResend } from '../domain/claim.ts';
import type { Verdict } from '../domain/delivery.ts';
import { AppError } from '../domain/errors.ts';
import type { FlowRequest, Message } from '../domain/message.ts';
import type { Pair } from '../domain/phone.ts';
import type { SessionView } from '../domain/receipt.ts';
import { afterGatewayClosed, isOpen, type Session, wasShutSince } from '../domain/session.ts';
import { concluded, settledRejected, settledSent, settledUnknown } from '../domain/settlement.ts';
import type { MessageStore, SessionStore, Stored, Telemetry } from '../ports.ts';
import { amend } from './amend.ts';
import { type DispatchDeps, dispatch } from './dispatch.ts';

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
  readonly telemetry: Telemetry;
  readonly settings: {
    readonly gatewayDeadlineMs: number;
    readonly gatewayAttempts: number;
    readonly sessionMarginSeconds: number;
    readonly retentionDays: number;
  };
}

/** What is read while the claim is on its way. Its faults show when it is asked for. */
export interface ReadAhead {
  session(): Promise<Stored<Session> | undefined>;
  apiKey(): Promise<string>;
}

/** On whose behalf a claim is carried out. */
export interface Errand {
  readonly request: FlowRequest | undefined;
  readonly correlationId: string;
  readonly deadlineAt: Date;
  readonly terms: ClaimTerms;
  readonly ahead: ReadAhead;
  readonly source: 'caller' | 'sweeper';
}

/** The message in the end. `fresh`: the answer in it is this errand's own. */
export interface CarriedOut {
  readonly message: Message;
  readonly fresh: boolean;
}

export type Carrier = ReturnType<typeof makeCarrier>;

/** Kept back of the invocation's time for the settle. */
const SETTLE_RESERVE_MS = 3_000;
const SETTLE_RETRY_MS = 250;
/** The sweeper comes every minute; a repeat sooner than this would only meet the same fault. */
const RESEND_PAUSE_MS = 30_000;

export function makeCarrier(deps: CarryOutDeps) {
  const { messages, sessions, apiKey, clock, telemetry, settings } = deps;

  function readAhead(pair: Pair): ReadAhead {
    const reads = Promise.allSettled([sessions.get(pair), apiKey.get()]);
    return {
      session: async () => unwrap((await reads)[0]),
      apiKey: async () => unwrap((await reads)[1]),
    };
  }

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
    if (verdict.kind === 'release') return release(marked, errand, { verdict, session });
    return settle(marked, errand, { verdict, calls, session: viewOf(session?.value) });
  }

  /** Gives the answer to a message that a callback has proved. */
  async function conclude(stored: Stored<Message>, errand: Errand): Promise<CarriedOut> {
    const session = viewOf((await errand.ahead.session())?.value);
    const { correlationId, terms } = errand;
    const settling = {
      now: terms.now,
      calls: 0,
      retentionDays: settings.retentionDays,
      session,
      correlationId,
    };
    const settled = await amend(messages, stored, (m) => concluded(m, settling));
    return { message: settled?.value ?? stored.value, fresh: false };
  }

  function markDispatched(claim: Stored<Message>, fence: Fence): Promise<Stored<Message>> {
    if (claim.value.lease?.phase === 'dispatched') return Promise.resolve(claim);
    return amend(messages, claim, (m) => dispatched(m, fence) ?? m).then((marked) => marked ?? claim);
  }

  function dispatchDeadline(errand: Errand, claim: Message): Date {
    const own = clock.now().getTime() + settings.gatewayDeadlineMs;
    const invocation = errand.deadlineAt.getTime() - SETTLE_RESERVE_MS;
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
    const neverLeft = attempts === 0 && wasShutSince(session, createdAt, settings.sessionMarginSeconds);
    if (!mayHaveLeft || neverLeft) {
      await messages.remove(claim);
      throw sessionClosed(session?.expiresAt);
    }
    const reason = 'the session window shut before a repeat could tell';
    return settle(claim, errand, {
      verdict: { kind: 'unknown', reason, again: false },
      calls: 0,
      session: viewOf(session),
    });
  }

  async function release(
    claim: Stored<Message>,
    errand: Errand,
    { verdict, session }: { verdict: Verdict & { kind: 'release' }; session: Stored<Session> | undefined },
  ): Promise<CarriedOut> {
    const now = clock.now();
    const closed = verdict.code === 'session-closed';
    if (closed && session) await amend(sessions, session, (s) => afterGatewayClosed(s, now));
    // Nobody waits for the sweeper's answer: the claim stays, and its lease brings it back.
    if (errand.source === 'sweeper' && !closed && mayResend(claim.value, { ...errand.terms, now })) {
      return { message: claim.value, fresh: false };
    }
    if (await messages.remove(claim)) {
      throw closed ? sessionClosed(now) : new AppError(verdict.code, DETAIL[verdict.code] ?? '', verdict);
    }
    const stored = await messages.get(claim.value.messageId);
    return stored ? conclude(stored, errand) : { message: claim.value, fresh: false };
  }

  async function settle(
    claim: Stored<Message>,
    errand: Errand,
    found: { readonly verdict: Exclude<Verdict, { kind: 'release' }>; calls: number; session: SessionView },
  ): Promise<CarriedOut> {
    const fence = fenceOf(claim.value);
    const { correlationId } = errand;
    const { verdict, calls, session } = found;
    let fresh = true;
    const change = (stored: Message): Message => {
      fresh = stored.answer === undefined;
      const now = clock.now();
      const settling = { now, calls, retentionDays: settings.retentionDays };
      if (verdict.kind === 'sent')
        return settledSent(stored, { ...settling, accepted: verdict.accepted, session });
      const proven = holds(fence, stored)
        ? concluded(stored, { ...settling, session, correlationId })
        : stored;
      if (proven !== stored) return proven;
      if (verdict.kind === 'rejected') {
        return settledRejected(stored, fence, { ...settling, detail: verdict.detail, correlationId });
      }
      const next = new Date(now.getTime() + RESEND_PAUSE_MS);
      const again = verdict.again && mayResend(stored, { ...errand.terms, now: next });
      return settledUnknown(stored, fence, {
        ...settling,
        reason: verdict.reason,
        nextTryAt: again ? next : undefined,
      });
    };
    const settled = await persist(claim, errand, change);
    return { message: settled ?? unsettled(claim.value), fresh };
  }

  /** Writes a settle as long as the invocation lasts; undefined where the store stayed down. */
  async function persist(
    claim: Stored<Message>,
    errand: Errand,
    change: (m: Message) => Message,
  ): Promise<Message | undefined> {
    for (;;) {
      try {
        return (await amend(messages, claim, change))?.value;
      } catch (fault) {
        telemetry.error('settle.failed', fault, { messageId: claim.value.messageId });
        if (clock.now().getTime() + 2 * SETTLE_RETRY_MS > errand.deadlineAt.getTime()) return undefined;
        await clock.sleep(SETTLE_RETRY_MS);
      }
    }
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

  return { readAhead, carryOut, conclude };
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

function viewOf(session: Session | undefined): SessionView {
  return { open: session !== undefined, expiresAt: session?.expiresAt.toISOString() ?? null };
}

/** What a caller is told while the receipt could not be stored: the sweeper will find out. */
function unsettled(claim: Message): Message {
  const reason = 'the answer could not be stored yet; it is settled as soon as the store answers';
  return { ...claim, status: 'unknown', lease: undefined, reason };
}

function unwrap<T>(result: PromiseSettledResult<T>): T {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}
