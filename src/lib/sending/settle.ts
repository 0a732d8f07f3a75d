import type { Verdict } from '../lipachat/verdict.ts';
import { withEarlierWaId } from '../messages/gateway-message-id.ts';
import { fenceOf, holds, mayResend } from '../messages/lease.ts';
import { transition, unsettled } from '../messages/lifecycle.ts';
import { isSameRequest, type Message, waKeyOf } from '../messages/message.ts';
import type { MessageAliasStore, MessageStore } from '../messages/ports.ts';
import type { SessionView } from '../messages/receipt.ts';
import { AppError } from '../platform/errors.ts';
import type { Clock, Stored, Telemetry } from '../platform/ports.ts';
import { updateWithRetry } from '../platform/update-with-retry.ts';
import { isOpen, type Session } from '../whatsapp/session-window.ts';
import type { Attempt, SendResult } from './attempt.ts';

/*
 * Settles a send: stores its verdict, considering what is stored by then. A callback, or another owner after
 * our lease, may have been faster; the guards in `messages/lifecycle.ts` decide.
 */

export interface SettleDeps {
  readonly messages: MessageStore;
  readonly aliases: MessageAliasStore;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly retentionDays: number;
  readonly sessionMarginSeconds: number;
}

export interface Found {
  readonly verdict: Exclude<Verdict, { kind: 'release' }>;
  /** Calls made to LipaChat under this claim. */
  readonly calls: number;
  readonly session: Session | undefined;
}

export type Settler = ReturnType<typeof makeSettler>;

const SETTLE_RETRY_MS = 250;
/** A write that could outlast the invocation isn't started, because the caller needs a response. */
const LONGEST_WRITE_MS = 4_000;
/** The sweeper runs every minute; a repeat sooner than this would meet the same fault. */
const RESEND_PAUSE_MS = 30_000;

export function makeSettler(deps: SettleDeps) {
  const { messages, clock, telemetry, retentionDays } = deps;

  function viewOf(session: Session | undefined): SessionView {
    const open = isOpen(session, clock.now(), deps.sessionMarginSeconds);
    return { open, expiresAt: session?.window?.expiresAt.toISOString() ?? null };
  }

  async function settle(claim: Stored<Message>, attempt: Attempt, found: Found): Promise<SendResult> {
    let fresh = true;
    const settled = await persist(claim, attempt, (stored) => {
      fresh = stored.answer === undefined;
      return after(stored, { claim: claim.value, attempt, found });
    });
    const { verdict } = found;
    if (settled && settled.resends !== claim.value.resends && verdict.kind === 'sent')
      await keepEarlier(settled, verdict.accepted.waId);
    const isOurs = settled && isSameRequest(settled, claim.value);
    return { message: isOurs ? settled : answerUnsettled(claim.value, attempt), fresh };
  }

  /** So that callbacks which name only WhatsApp's id find the message. */
  async function keepEarlier(message: Message, waId: string | undefined): Promise<void> {
    if (waId === undefined || !message.retiredWaIds?.includes(waId)) return;
    const { messageId } = message;
    try {
      await deps.aliases.keep(waKeyOf(waId), { messageId, of: 'flow' });
      // An erasure in between did not find this alias.
      if (!(await messages.get(messageId))) await deps.aliases.drop([waKeyOf(waId)]);
    } catch (fault) {
      telemetry.error('alias.not-kept', fault, { messageId });
    }
  }

  function after(stored: Message, by: { claim: Message; attempt: Attempt; found: Found }): Message {
    const { verdict, calls } = by.found;
    const { correlationId, terms } = by.attempt;
    const session = viewOf(by.found.session);
    const settling = { now: clock.now(), calls, retentionDays };
    if (!isSameRequest(stored, by.claim)) return stored;
    // WhatsApp failed this send meanwhile, and another one has replaced it. Its id still identifies callbacks.
    if (stored.resends !== by.claim.resends) {
      return verdict.kind === 'sent' ? withEarlierWaId(stored, verdict.accepted.waId) : stored;
    }
    if (verdict.kind === 'sent') {
      return transition(stored, 'gatewayAccepted', { ...settling, accepted: verdict.accepted, session });
    }
    const fence = fenceOf(by.claim);
    const proven = holds(fence, stored)
      ? transition(stored, 'answerMissing', { ...settling, session, correlationId })
      : stored;
    if (proven !== stored) return proven;
    if (verdict.kind === 'rejected') {
      const { code, detail } = verdict;
      return transition(stored, 'refused', { ...settling, fence, code, detail, correlationId });
    }
    const next = new Date(settling.now.getTime() + RESEND_PAUSE_MS);
    const nextTryAt = verdict.again && mayResend(stored, { ...terms, now: next }) ? next : undefined;
    return transition(stored, 'outcomeUnknown', { ...settling, fence, reason: verdict.reason, nextTryAt });
  }

  /** Repeats the write while the invocation lasts. Returns undefined if the store stays down. */
  async function persist(
    claim: Stored<Message>,
    attempt: Attempt,
    change: (m: Message) => Message,
  ): Promise<Message | undefined> {
    for (;;) {
      try {
        return (await updateWithRetry(messages, claim, change))?.value;
      } catch (fault) {
        telemetry.error('settle.failed', fault, { messageId: claim.value.messageId });
        if (clock.now().getTime() + LONGEST_WRITE_MS > attempt.deadlineAt.getTime()) return undefined;
        await clock.sleep(SETTLE_RETRY_MS);
      }
    }
  }

  /** Stores the answer of a message that a callback has proved. */
  async function finalize(stored: Stored<Message>, attempt: Attempt): Promise<SendResult> {
    const session = viewOf((await attempt.ahead.session())?.value);
    const settling = {
      now: clock.now(),
      calls: 0,
      retentionDays,
      session,
      correlationId: attempt.correlationId,
    };
    const settled = await updateWithRetry(messages, stored, (m) => transition(m, 'answerMissing', settling));
    return { message: settled?.value ?? stored.value, fresh: false };
  }

  return { settle, finalize };
}

/** What a caller sees if the receipt could not be stored: the sweeper settles the message later. */
function answerUnsettled(claim: Message, { terms }: Attempt): Message {
  const reason = 'the outcome could not be stored yet; it is settled as soon as the data store responds';
  // With `hold` the sweeper repeats nothing: only a callback can settle it.
  const dueAt = terms.ambiguity.mode === 'hold' ? undefined : claim.dueAt;
  return unsettled(claim, { dueAt, reason });
}

/*
 * A send that cannot be settled before its invocation ends is not claimed: a claim that is left behind blocks its
 * messageId until the lease ends.
 */

/** The claim, with one slow try of the store (a second), and `SHORTEST_DISPATCH_MS`. */
const SHORTEST_SEND_MS = 3_000;
/** A short call to LipaChat and the settle. With less time left after the claim, the claim is given back. */
const SHORTEST_DISPATCH_MS = 1_500;

interface Invocation {
  /** When the invocation has to end. */
  readonly deadlineAt: Date;
}

/** Throws `store-unavailable` if the rest of the invocation is too short for a send. Call it before the claim. */
export function assertTimeForSend({ deadlineAt }: Invocation, now: Date): void {
  if (isShorter(deadlineAt, now, SHORTEST_SEND_MS)) throw outOfTime();
}

/** Is the rest of the invocation long enough for a call to LipaChat and the settle? */
export function hasTimeForDispatch({ deadlineAt }: Invocation, now: Date): boolean {
  return !isShorter(deadlineAt, now, SHORTEST_DISPATCH_MS);
}

function isShorter(deadlineAt: Date, now: Date, ms: number): boolean {
  return deadlineAt.getTime() - now.getTime() < ms;
}

export function outOfTime(): AppError {
  const detail = 'Too little time was left for this request. Nothing was sent. Repeat the request.';
  return new AppError('store-unavailable', detail, { retryAfter: 1 });
}
