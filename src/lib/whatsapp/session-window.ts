import { type ConsentWord, lastWord, withWord } from './consent.ts';
import type { UserId } from './customer.ts';
import type { Pair } from './phone.ts';

/**
 * How long a customer's message keeps the window open, counted from the message's own time (Meta's
 * documentation).
 */
export const SESSION_MS = 24 * 60 * 60 * 1000;

/** The window, the opt-out and the pace of one pair. The window's instants come from WhatsApp's timestamps. */
export interface Session {
  readonly pair: Pair;
  readonly window?: Window | undefined;
  /** The latest opt-out or opt-in, and its time. */
  readonly consent?: { readonly optedOut: boolean; readonly at: Date } | undefined;
  /** The latest STOPs and STARTs, in their order; the last one is the consent. Version 0.1 did not keep them. */
  readonly words?: readonly ConsentWord[] | undefined;
  /** Earliest time of the next message: WhatsApp accepts one every 6 s from a business number to one customer. */
  readonly paceUntil?: Date | undefined;
  /** The user ids of this number, and the latest callback that named both. Only if there was one. */
  readonly known?: { readonly userIds: readonly UserId[]; readonly namedAt: Date } | undefined;
}

interface Window {
  /** When the current window opened. Later messages extend the window and leave this unchanged. */
  readonly openedAt: Date;
  readonly lastInboundAt: Date;
  readonly expiresAt: Date;
}

/** Is it safe to send a free-form message now? The margin covers the time until WhatsApp receives it. */
export function isOpen(session: Session | undefined, now: Date, marginSeconds: number): boolean {
  const expiresAt = session?.window?.expiresAt;
  return expiresAt !== undefined && now.getTime() < expiresAt.getTime() - marginSeconds * 1000;
}

/** How far the clocks of two invocations may differ. */
const SKEW_MS = 5_000;

/**
 * Was the window shut from `from` until now? If so, no free-form message left in that time. Compares against
 * the exact end, without the margin: a window read as open may have been shut by WhatsApp a moment later.
 */
export function wasShutSince(session: Session | undefined, from: Date): boolean {
  const expiresAt = session?.window?.expiresAt;
  return expiresAt === undefined || expiresAt.getTime() + SKEW_MS < from.getTime();
}

/**
 * The session after an inbound message written at `writtenAt`. Returns the same object if nothing changes:
 * the message is a repeat, older than the last one, or itself more than 24 hours old. The window only moves
 * forward.
 */
export function afterInbound(
  session: Session,
  inbound: { readonly writtenAt: Date; readonly now: Date },
): Session {
  const at = new Date(Math.min(inbound.writtenAt.getTime(), inbound.now.getTime()));
  const expiresAt = new Date(at.getTime() + SESSION_MS);
  const { window } = session;
  if (expiresAt.getTime() <= inbound.now.getTime()) return session;
  if (window && window.lastInboundAt.getTime() >= at.getTime()) return session;
  const stillOpen = window !== undefined && window.expiresAt.getTime() > at.getTime();
  const openedAt = stillOpen ? window.openedAt : at;
  return { ...session, window: { openedAt, lastInboundAt: at, expiresAt } };
}

/** The session after WhatsApp reported a shut window (131047). WhatsApp's answer overrides the stored window. */
export function afterGatewayClosed(session: Session, now: Date): Session {
  const { window } = session;
  if (!window || window.expiresAt.getTime() <= now.getTime()) return session;
  return { ...session, window: { ...window, expiresAt: now } };
}

/**
 * The session after the customer's STOP or START, or an operator's request on their behalf. The latest one counts
 * (`consent.ts`). A word without an arrival arrived at its time.
 */
export function afterConsent(session: Session, word: ConsentWord): Session {
  const known = wordsOf(session);
  const words = withWord(known, { ...word, seenAt: word.seenAt ?? word.at });
  const last = lastWord(words);
  if (words === known || !last) return session;
  return { ...session, consent: { optedOut: last.optedOut, at: last.at }, words };
}

/** The word that decides the consent. */
export function consentWordOf(session: Session): ConsentWord | undefined {
  return lastWord(wordsOf(session));
}

/** The words of a session. A consent that they don't explain was stored without them. */
function wordsOf({ consent, words = [] }: Session): readonly ConsentWord[] {
  const last = lastWord(words);
  const isExplained =
    !consent || (last?.optedOut === consent.optedOut && last.at.getTime() === consent.at.getTime());
  return isExplained ? words : withWord(words, consent);
}

export function hasOptedOut(session: Session | undefined): boolean {
  return session?.consent?.optedOut ?? false;
}

/** The session after a message to this customer; the next message waits until `paceUntil`. */
export function afterSending(session: Session, paceUntil: Date): Session {
  const later = !session.paceUntil || session.paceUntil.getTime() < paceUntil.getTime();
  return later ? { ...session, paceUntil } : session;
}
