import type { RecipientQueue } from '../messages/recipient-queue.ts';
import type { Clock } from '../platform/ports.ts';
import { updateOrCreate } from '../platform/update-with-retry.ts';
import { freshSession } from '../sessions/opt-out-record.ts';
import type { People } from '../sessions/people.ts';
import type { ErasedOptOutStore, SessionStore } from '../sessions/ports.ts';
import type { Pair } from '../whatsapp/phone.ts';
import { afterConsent } from '../whatsapp/session-window.ts';

export interface OptOutDeps {
  readonly sessions: SessionStore;
  readonly erasedOptOuts: ErasedOptOutStore;
  readonly people: Pick<People, 'personOf'>;
  readonly recipientQueue: RecipientQueue;
  readonly clock: Clock;
}

/** Opts a customer out or back in on request of an operator or an app. Safe to repeat. */
export function makeOptOut({ sessions, erasedOptOuts, people, recipientQueue, clock }: OptOutDeps) {
  async function say(pair: Pair, optedOut: boolean): Promise<void> {
    const at = clock.now();
    await updateOrCreate(sessions, pair, await freshSession(erasedOptOuts, pair), (session) =>
      afterConsent(session, { optedOut, at }),
    );
  }

  return {
    async optOut(named: Pair, correlationId: string): Promise<void> {
      const pair = await people.personOf(named);
      await say(pair, true);
      await recipientQueue.cancelAll(pair, correlationId);
    },
    async optIn(named: Pair): Promise<void> {
      const pair = await people.personOf(named);
      await erasedOptOuts.forget(pair);
      await say(pair, false);
    },
  };
}
