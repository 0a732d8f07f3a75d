import { amend } from '../platform/update-with-retry.ts';
import type { Pair } from '../whatsapp/phone.ts';
import { afterConsent, type Session } from '../whatsapp/session-window.ts';
import type { ForgottenStore, SessionStore } from './ports.ts';

/** What is known of a pair that has no session: at most that it opted out before it was erased. */
export async function freshSession(forgotten: ForgottenStore, pair: Pair): Promise<Session> {
  const at = await forgotten.optedOutAt(pair);
  return at ? { pair, consent: { optedOut: true, at } } : { pair };
}

/** Notes what WhatsApp says of a customer's wish. Who has no session gets none, for they may have been erased. */
export async function recordOptOut(
  { sessions, forgotten }: { readonly sessions: SessionStore; readonly forgotten: ForgottenStore },
  pair: Pair,
  at: Date,
): Promise<void> {
  const stored = await sessions.get(pair);
  if (stored) await amend(sessions, stored, (session) => afterConsent(session, { optedOut: true, at }));
  else await forgotten.remember(pair, at);
}
