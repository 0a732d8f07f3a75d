import type { Lane } from '../messages/recipient-queue.ts';
import type { Clock } from '../platform/ports.ts';
import { amendOrCreate } from '../platform/update-with-retry.ts';
import { freshSession } from '../sessions/opt-out-record.ts';
import type { ForgottenStore, SessionStore } from '../sessions/ports.ts';
import type { Pair } from '../whatsapp/phone.ts';
import { afterConsent } from '../whatsapp/session-window.ts';

export interface OptOutDeps {
  readonly sessions: SessionStore;
  readonly forgotten: ForgottenStore;
  readonly lane: Lane;
  readonly clock: Clock;
}

/** An operator's or an app's word for the customer: no more messages, or messages again. Both may be repeated. */
export function makeOptOut({ sessions, forgotten, lane, clock }: OptOutDeps) {
  async function say(pair: Pair, optedOut: boolean): Promise<void> {
    const at = clock.now();
    await amendOrCreate(sessions, pair, await freshSession(forgotten, pair), (session) =>
      afterConsent(session, { optedOut, at }),
    );
  }

  return {
    async optOut(pair: Pair, correlationId: string): Promise<void> {
      await say(pair, true);
      await lane.cancelAll(pair, correlationId);
    },
    async optIn(pair: Pair): Promise<void> {
      await forgotten.forget(pair);
      await say(pair, false);
    },
  };
}
