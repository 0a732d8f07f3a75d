import type { Pair } from './phone.ts';

/** How long a customer's message keeps the window open (whatsapp-rules, "The 24-hour window"). */
export const SESSION_MS = 24 * 60 * 60 * 1000;

/** What is known of one pair: its window, its opt-out and its pace. Instants of the window are WhatsApp's own. */
export interface Session {
  readonly pair: Pair;
  readonly window?: Window | undefined;
  /** Whether the customer wants no messages, and since when that word stands. */
  readonly consent?: { readonly optedOut: boolean; readonly at: Date } | undefined;
  /** WhatsApp takes one message every 6 s from a number to one user: not before this. */
  readonly paceUntil?: Date | undefined;
}

interface Window {
  /** When the window that stands now was opened; later messages prolong it and leave this alone. */
  readonly openedAt: Date;
  readonly lastInboundAt: Date;
  readonly expiresAt: Date;
}

/** Is it safe to send a free-form message now? The margin covers the time until WhatsApp sees it. */
export function isOpen(session: Session | undefined, now: Date, marginSeconds: number): boolean {
  const expiresAt = session?.window?.expiresAt;
  return expiresAt !== undefined && now.getTime() < expiresAt.getTime() - marginSeconds * 1000;
}

/** By how much the clocks of two invocations may differ. */
const SKEW_MS = 5_000;

/**
 * Was the window shut during the whole time from `from` until now? Then nothing free-form left in it.
 * Counted from the very end and without the margin: WhatsApp may have shut a window at once that was read as
 * open a moment before.
 */
export function wasShutSince(session: Session | undefined, from: Date): boolean {
  const expiresAt = session?.window?.expiresAt;
  return expiresAt === undefined || expiresAt.getTime() + SKEW_MS < from.getTime();
}

/**
 * The session after an inbound message that was written at `writtenAt`.
 * Returns the same session where it changes nothing: an older or repeated message, or one that is itself
 * more than 24 hours old. The window only ever moves forward.
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

/** The session after WhatsApp itself said that the window is shut (131047), whatever our ledger thought. */
export function afterGatewayClosed(session: Session, now: Date): Session {
  const { window } = session;
  if (!window || window.expiresAt.getTime() <= now.getTime()) return session;
  return { ...session, window: { ...window, expiresAt: now } };
}

/** The session after the customer's STOP or START, or an operator's word for it. The latest word stands. */
export function afterConsent(
  session: Session,
  word: { readonly optedOut: boolean; readonly at: Date },
): Session {
  const { consent } = session;
  const age = consent ? word.at.getTime() - consent.at.getTime() : 1;
  // Two words of one second, by WhatsApp's stamps: the STOP counts, whichever came first.
  const isNews = age > 0 || (age === 0 && word.optedOut && !consent?.optedOut);
  return isNews ? { ...session, consent: word } : session;
}

export function hasOptedOut(session: Session | undefined): boolean {
  return session?.consent?.optedOut ?? false;
}

/** The session after a message to this customer: the next one keeps its distance. */
export function afterSending(session: Session, paceUntil: Date): Session {
  const later = !session.paceUntil || session.paceUntil.getTime() < paceUntil.getTime();
  return later ? { ...session, paceUntil } : session;
}
