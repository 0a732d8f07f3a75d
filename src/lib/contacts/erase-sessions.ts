import { updateWithRetry } from '../platform/update-with-retry.ts';
import { aliasKeyOf } from '../sessions/person.ts';
import type { ErasedOptOutStore, PersonAliasStore, SessionStore } from '../sessions/ports.ts';
import { isUserId } from '../whatsapp/customer.ts';
import type { Pair } from '../whatsapp/phone.ts';
import { consentWordOf, type Session } from '../whatsapp/session-window.ts';
import type { Erased } from './erasure.ts';

export interface EraseSessionsDeps {
  readonly sessions: SessionStore;
  readonly erasedOptOuts: ErasedOptOutStore;
  readonly personAliases: PersonAliasStore;
}

/** Removes a person's sessions and aliases, and keeps the opt-out. */
export function makeEraseSessions({ sessions, erasedOptOuts, personAliases }: EraseSessionsDeps) {
  /**
   * Removes only the session that was read, so an opt-out written in between is kept too. A session that the customer opened
   * after `until` is a new one. True if an opt-out stays in force.
   */
  async function eraseSession(pair: Pair, until: Date): Promise<boolean> {
    for (;;) {
      const stored = await sessions.get(pair);
      if (!stored) return (await erasedOptOuts.optedOutAt(pair)) !== undefined;
      const word = consentWordOf(stored.value);
      const { openedAt } = stored.value.window ?? {};
      if (openedAt && openedAt > until) return word?.optedOut ?? false;
      if (word?.optedOut) await erasedOptOuts.remember(pair, word.at, word);
      if (await sessions.remove(stored)) return word?.optedOut ?? false;
    }
  }

  /** Nothing more is sent, and the user ids stay known until nothing of them is left. */
  async function closeSession(person: Pair): Promise<void> {
    const closed = ({ pair, consent, words, known }: Session): Session => ({ pair, consent, words, known });
    await updateWithRetry(sessions, await sessions.get(person), (session) =>
      session.window || session.paceUntil ? closed(session) : session,
    );
  }

  /**
   * Removes the aliases before the session that lists them. Only the named one goes last: after a crash, the repeat finds
   * the person by it. True if an opt-out stays in force.
   */
  async function eraseNames({ named, pairs }: Erased, until: Date): Promise<boolean> {
    const [person, ...ids] = pairs;
    for (const id of ids) {
      const stored = await sessions.get(person);
      const word = stored && consentWordOf(stored.value);
      if (word?.optedOut) await erasedOptOuts.remember(id, word.at, word);
      await eraseSession(id, until);
      if (id.customer !== named.customer) await dropAlias(id, person);
    }
    const optOutKept = await eraseSession(person, until);
    if (isUserId(named.customer)) await dropAlias(named, person);
    return optOutKept;
  }

  /** The alias of the id, unless it leads to another person by now. */
  async function dropAlias(id: Pair, person: Pair): Promise<void> {
    const alias = await personAliases.get(aliasKeyOf(id));
    if (alias?.value.number === person.customer) await personAliases.drop(alias.value.key);
  }

  return { eraseSession, closeSession, eraseNames };
}
