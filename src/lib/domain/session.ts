import type { Pair } from './phone.ts';

/** How long a customer's message keeps the window open (whatsapp-rules, "The 24-hour window"). */
export const SESSION_MS = 24 * 60 * 60 * 1000;

/** The session window of one pair. The instants are WhatsApp's: the customer's message's own time. */
export interface Session {
  readonly pair: Pair;
  /** When the window that stands now was opened; later messages prolong it and leave this alone. */
  readonly openedAt: Date;
  readonly lastInboundAt: Date;
  readonly expiresAt: Date;
}

/** Is it safe to send a free-form message now? The margin covers the time until WhatsApp sees it. */
export function isOpen(session: Session | undefined, now: Date, marginSeconds: number): session is Session {
  return session !== undefined && now.getTime() < session.expiresAt.getTime() - marginSeconds * 1000;
}

/** By how much the clocks of two invocations may differ. */
const SKEW_MS = 5_000;

/**
 * Was the window shut during the whole time from `from` until now? Then nothing free-form left in it.
 * Counted from the very end and without the margin: WhatsApp may have shut a window at once that was read as
 * open a moment before.
 */
export function wasShutSince(session: Session | undefined, from: Date): boolean {
  return session === undefined || session.expiresAt.getTime() + SKEW_MS < from.getTime();
}

/**
 * The window after an inbound message that was written at `writtenAt`.
 * Returns the same session where it changes nothing: an older or repeated message, or one that is itself
 * more than 24 hours old. It only ever moves forward.
 */
export function afterInbound(
  session: Session | undefined,
  inbound: { readonly pair: Pair; readonly writtenAt: Date; readonly now: Date },
): Session | undefined {
  const at = new Date(Math.min(inbound.writtenAt.getTime(), inbound.now.getTime()));
  const expiresAt = new Date(at.getTime() + SESSION_MS);
  if (expiresAt.getTime() <= inbound.now.getTime()) return session;
  if (session === undefined) return { pair: inbound.pair, openedAt: at, lastInboundAt: at, expiresAt };
  if (session.lastInboundAt.getTime() >= at.getTime()) return session;
  const stillOpen = session.expiresAt.getTime() > at.getTime();
  return { ...session, openedAt: stillOpen ? session.openedAt : at, lastInboundAt: at, expiresAt };
}

/** The window after WhatsApp itself said that it is shut (131047), whatever our ledger thought. */
export function afterGatewayClosed(session: Session, now: Date): Session {
  return session.expiresAt.getTime() <= now.getTime() ? session : { ...session, expiresAt: now };
}
