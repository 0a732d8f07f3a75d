import type { RecipientQueue } from '../messages/recipient-queue.ts';
import type { Clock, Telemetry } from '../platform/ports.ts';
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
  readonly telemetry: Telemetry;
}

/** The request that says it in the customer's place. */
export interface ConsentRequest {
  readonly clientId: string;
  readonly correlationId: string;
}

/**
 * Opts a customer out or back in on request of an operator or an app. Safe to repeat. The session keeps which client did it,
 * and the log has it as an audit record, never with the customer.
 */
export function makeOptOut(deps: OptOutDeps) {
  const { sessions, erasedOptOuts, people, recipientQueue, clock, telemetry } = deps;

  async function say(pair: Pair, word: { readonly optedOut: boolean; readonly by: string }): Promise<void> {
    const at = clock.now();
    await updateOrCreate(sessions, pair, await freshSession(erasedOptOuts, pair), (session) =>
      afterConsent(session, { ...word, at }),
    );
  }

  return {
    async optOut(named: Pair, { clientId, correlationId }: ConsentRequest): Promise<void> {
      const pair = await people.personOf(named);
      await say(pair, { optedOut: true, by: clientId });
      telemetry.info('contact.opted-out', { clientId, correlationId });
      await recipientQueue.cancelAll(pair, correlationId);
    },
    async optIn(named: Pair, { clientId, correlationId }: ConsentRequest): Promise<void> {
      const pair = await people.personOf(named);
      await erasedOptOuts.forget(pair);
      await say(pair, { optedOut: false, by: clientId });
      telemetry.info('contact.opted-in', { clientId, correlationId });
    },
  };
}
