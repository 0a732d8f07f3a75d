import { updateWithRetry } from '../platform/update-with-retry.ts';
import type { Pair } from '../whatsapp/phone.ts';
import { afterConsent, type Session } from '../whatsapp/session-window.ts';
import type { ErasedOptOutStore, SessionStore } from './ports.ts';

/** The session of a pair that has none stored: empty, or with the opt-out that outlived an erasure. */
export async function freshSession(
  erasedOptOuts: Pick<ErasedOptOutStore, 'find'>,
  pair: Pair,
): Promise<Session> {
  const known = await erasedOptOuts.find(pair);
  if (!known) return { pair };
  const { at, seenAt, place } = known;
  const consent = { optedOut: true, at };
  return seenAt ? { pair, consent, words: [{ ...consent, seenAt, place }] } : { pair, consent };
}

/**
 * Records an opt-out that WhatsApp reported. A pair without a session may have been erased, so its opt-out is
 * kept as a hash and no session is created.
 */
export async function recordOptOut(
  { sessions, erasedOptOuts }: { readonly sessions: SessionStore; readonly erasedOptOuts: ErasedOptOutStore },
  pair: Pair,
  at: Date,
): Promise<void> {
  const stored = await sessions.get(pair);
  if (stored)
    await updateWithRetry(sessions, stored, (session) => afterConsent(session, { optedOut: true, at }));
  else await erasedOptOuts.remember(pair, at, { seenAt: at });
}
