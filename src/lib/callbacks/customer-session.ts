import { allEnded } from '../platform/all-ended.ts';
import type { Stored } from '../platform/ports.ts';
import { updateFoundOrCreate } from '../platform/update-with-retry.ts';
import { freshSession } from '../sessions/opt-out-record.ts';
import type { ErasedOptOutStore, SessionStore } from '../sessions/ports.ts';
import type { Pair } from '../whatsapp/phone.ts';
import { hasOptedOut, type Session } from '../whatsapp/session-window.ts';

interface Deps {
  readonly sessions: SessionStore;
  readonly erasedOptOuts: ErasedOptOutStore;
}

/** The session of a pair as it was read: the stored one, and the default if there is none. */
export interface ReadSession {
  readonly found: Stored<Session> | undefined;
  readonly fresh: Session;
}

export async function readSession({ sessions, erasedOptOuts }: Deps, pair: Pair): Promise<ReadSession> {
  const [found, fresh] = await allEnded([sessions.get(pair), freshSession(erasedOptOuts, pair)]);
  return { found, fresh };
}

/** Writes the change. A customer who opted in again after an erasure has no erased opt-out any more. */
export async function writeSession(
  { sessions, erasedOptOuts }: Deps,
  read: ReadSession,
  change: (session: Session) => Session,
): Promise<Session> {
  const session = await updateFoundOrCreate(sessions, read, change);
  if (!hasOptedOut(session) && hasOptedOut(read.fresh)) await erasedOptOuts.forget(session.pair);
  return session;
}
