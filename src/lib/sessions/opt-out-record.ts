import { updateWithRetry } from '../platform/update-with-retry.ts';
import type { Pair } from '../whatsapp/phone.ts';
import { afterConsent, type Session } from '../whatsapp/session-window.ts';
import type { ErasedOptOutStore, SessionStore } from './ports.ts';

/** What is known of a pair that has no session: at most that it opted out before it was erased. */
export async function freshSession(erasedOptOuts: ErasedOptOutStore, pair: Pair): Promise<Session> {
  const at = await erasedOptOuts.optedOutAt(pair);
  return at ? { pair, consent: { optedOut: true, at } } : { pair };
}

/** Notes what WhatsApp says of a customer's wish. Who has no session gets none, for they may have been erased. */
export async function recordOptOut(
  { sessions, erasedOptOuts }: { readonly sessions: SessionStore; readonly erasedOptOuts: ErasedOptOutStore },
  pair: Pair,
  at: Date,
): Promise<void> {
  const stored = await sessions.get(pair);
  if (stored)
    await updateWithRetry(sessions, stored, (session) => afterConsent(session, { optedOut: true, at }));
  else await erasedOptOuts.remember(pair, at);
}
