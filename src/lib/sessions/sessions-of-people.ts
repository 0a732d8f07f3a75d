import type { Stored, Written } from '../platform/ports.ts';
import { isUserId } from '../whatsapp/customer.ts';
import type { Pair } from '../whatsapp/phone.ts';
import type { Session } from '../whatsapp/session-window.ts';
import { aliasKeyOf, merged } from './person.ts';
import type { PersonAliasStore, SessionStore } from './ports.ts';

export interface PeopleStores {
  readonly sessions: SessionStore;
  readonly personAliases: PersonAliasStore;
}

interface PeopleReads {
  readonly sessions: Pick<SessionStore, 'get'>;
  readonly personAliases: Pick<PersonAliasStore, 'get'>;
}

/** Merges the session of a user id into that of its number. Undefined if the id has no number. */
type MergeLeftover = (pair: Pair) => Promise<Stored<Session> | undefined>;

/**
 * The sessions, by person: under a user id it gives the session of the number that the id belongs to. A number costs
 * no extra call.
 *
 * A callback may tie id and number while the session of the id is read or written. It stores the alias before it takes
 * the session away, so a read looks for the session first, and a write looks for the alias afterwards.
 */
export function makeSessionsOfPeople(stores: PeopleStores, mergeLeftover: MergeLeftover): SessionStore {
  const { sessions } = stores;

  /** What was written, or was to be written, to a session that has gone to the number's meanwhile. */
  async function checked({ pair }: Session, written: Written<Session>): Promise<Written<Session>> {
    if (!isUserId(pair.customer) || (!written.done && written.stored)) return written;
    const stored = await mergeLeftover(pair);
    if (!stored) return written;
    return { done: written.done, stored };
  }

  return {
    ...sessions,
    get: makeSessionOfPerson(stores),
    create: async (session) => checked(session, await sessions.create(session)),
    replace: async (stored, session) => checked(session, await sessions.replace(stored, session)),
  };
}

/** Reads the session of a person by number or user id. Merges nothing: the next callback does. */
export function makeSessionOfPerson({ sessions, personAliases }: PeopleReads): SessionStore['get'] {
  return async function get(pair) {
    const own = await sessions.get(pair);
    if (!isUserId(pair.customer)) return own;
    const alias = await personAliases.get(aliasKeyOf(pair));
    if (!alias) return own;
    const found = await sessions.get({ ...pair, customer: alias.value.number });
    return found && own ? { ...found, value: merged(found.value, own.value) } : (found ?? own);
  };
}

/** The pair of the person's number, if the customer is a user id with an alias. For reads: writes nothing. */
export async function lookUpPerson(personAliases: PeopleReads['personAliases'], pair: Pair): Promise<Pair> {
  if (!isUserId(pair.customer)) return pair;
  const alias = await personAliases.get(aliasKeyOf(pair));
  return alias ? { ...pair, customer: alias.value.number } : pair;
}
