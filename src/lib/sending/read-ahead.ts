import type { ApiKeys } from '../lipachat/ports.ts';
import type { Stored } from '../platform/ports.ts';
import { freshSession } from '../sessions/opt-out-record.ts';
import type { ErasedOptOutStore, SessionStore } from '../sessions/ports.ts';
import type { Pair } from '../whatsapp/phone.ts';
import type { Session } from '../whatsapp/session-window.ts';

/** Values read while something else goes on. A read's fault is thrown when its value is used. */
export interface ReadAhead {
  session(): Promise<Stored<Session> | undefined>;
  apiKey(): Promise<string>;
}

export interface ReadAheadDeps {
  readonly sessions: SessionStore;
  readonly apiKeys: ApiKeys;
}

export type ReadingAhead = ReturnType<typeof makeReadingAhead>;

export function makeReadingAhead({ sessions, apiKeys }: ReadAheadDeps) {
  /** Starts both reads at once. They have ended when it returns: nothing may run on after the answer. */
  return async function readingAhead<T>(pair: Pair, use: (ahead: ReadAhead) => Promise<T>): Promise<T> {
    const reads = Promise.allSettled([apiKeys.of(pair.business).get(), sessions.get(pair)]);
    try {
      return await use({
        apiKey: async () => unwrap((await reads)[0]),
        session: async () => unwrap((await reads)[1]),
      });
    } finally {
      await reads;
    }
  };
}

/** Without a session, an opt-out from before an erasure may still exist. */
export async function sessionFor(
  pair: Pair,
  { ahead, erasedOptOuts }: { readonly ahead: ReadAhead; readonly erasedOptOuts: ErasedOptOutStore },
): Promise<Session> {
  return (await ahead.session())?.value ?? (await freshSession(erasedOptOuts, pair));
}

function unwrap<T>(result: PromiseSettledResult<T>): T {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}
