import { allEnded } from '../platform/all-ended.ts';
import { AppError } from '../platform/errors.ts';
import type { Stored } from '../platform/ports.ts';
import { updateOrCreate, updateWithRetry } from '../platform/update-with-retry.ts';
import { type CustomerId, isUserId } from '../whatsapp/customer.ts';
import type { Pair, PhoneNumber } from '../whatsapp/phone.ts';
import type { Session } from '../whatsapp/session-window.ts';
import { freshSession } from './opt-out-record.ts';
import {
  type AliasKey,
  aliasAfter,
  aliasKeyOf,
  merged,
  optedOut,
  type PersonAlias,
  withoutUserId,
  withUserId,
} from './person.ts';
import type { ErasedOptOutStore } from './ports.ts';
import { makeSessionsOfPeople, type PeopleStores } from './sessions-of-people.ts';

/*
 * Makes one person of a number and a user id that a callback names together, in this order:
 *
 * 1. List the id in the number's session, so that an erasure by number finds everything of the id.
 * 2. Store the alias, with what is still to be merged. From now on the id leads to the number.
 * 3. Merge the id's session and erased opt-out into the number's session, and remove them.
 * 4. Let the messages follow.
 * 5. Note in the alias that nothing is left to merge.
 *
 * Every step is safe to repeat. After a crash, the next callback that names the id continues at step 3.
 */

export interface PeopleDeps extends PeopleStores {
  readonly erasedOptOuts: ErasedOptOutStore;
  readonly follow: Follow;
}

/** Lets the messages of these customers that were sent to the user id follow to the person's number. */
export type Follow = (
  person: Pair,
  moved: { readonly key: AliasKey; readonly from: readonly CustomerId[] },
) => Promise<void>;

export interface Tie {
  readonly business: PhoneNumber;
  readonly number: PhoneNumber;
  readonly userId: AliasKey['userId'];
}

export type People = ReturnType<typeof makePeople>;

const TRIES = 12;

export function makePeople(deps: PeopleDeps) {
  const { sessions, personAliases, erasedOptOuts, follow } = deps;

  /**
   * A callback named both at `at`. If they are known as one person, this costs one read. If nothing is stored of
   * either, `isWorthIt` decides.
   */
  async function learn(
    { business, number, userId }: Tie,
    at: Date,
    isWorthIt = () => Promise.resolve(true),
  ): Promise<void> {
    const key = { business, userId };
    const tie = { key, number, at };
    const known = await personAliases.get(key);
    const next = aliasAfter(known?.value, tie);
    if (next === known?.value && !known.value.unmerged) return;
    if (!known && !(await isWorthIt()) && !(await hasSession(business, [number, userId]))) return;
    if (next.number === number) {
      const person = { business, customer: number };
      const fresh = await freshSession(erasedOptOuts, person);
      const { known: listed } = await updateOrCreate(sessions, person, fresh, (session) =>
        withUserId(session, key, at),
      );
      // The id stays a customer of its own: an erasure by number would not find its alias.
      if (!listed?.userIds.includes(userId)) return;
    }
    const first = known ?? (await personAliases.create(next)).stored;
    const alias = await updateWithRetry(personAliases, first, (one) => aliasAfter(one, tie));
    // Undefined if an erasure has removed it meanwhile.
    if (alias?.value.unmerged) await merge(alias);
  }

  async function hasSession(business: PhoneNumber, customers: readonly CustomerId[]): Promise<boolean> {
    const found = await allEnded(customers.map((customer) => sessions.get({ business, customer })));
    return found.some((session) => session !== undefined);
  }

  async function merge(alias: Stored<PersonAlias>): Promise<void> {
    const { key, number, unmerged = [] } = alias.value;
    const { business } = key;
    const person = { business, customer: number };
    for (const customer of unmerged) await mergeOne(person, { business, customer }, key);
    await follow(person, { key, from: unmerged });
    // If this fails, another process has changed the alias, and completes it.
    await personAliases.replace(alias, { ...alias.value, unmerged: undefined });
  }

  async function mergeOne(person: Pair, from: Pair, key: AliasKey): Promise<void> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const [left, erased, fresh] = await allEnded([
        sessions.get(from),
        erasedOptOuts.find(from),
        freshSession(erasedOptOuts, person),
      ]);
      if (!left && !erased) return;
      await updateOrCreate(sessions, person, fresh, (session) => {
        const whole = left ? merged(session, left.value) : session;
        return erased ? optedOut(whole, { ...erased, optedOut: true }) : whole;
      });
      if (!isUserId(from.customer)) {
        await updateWithRetry(sessions, left, (session) => withoutUserId(session, key));
        return;
      }
      if (erased) await erasedOptOuts.forget(from);
      if (!left || (await sessions.remove(left))) return;
    }
    throw new AppError('store-unavailable', 'Too many concurrent updates.', { retryAfter: 1 });
  }

  /**
   * The pair of the person's number, if the customer is a user id with an alias. Otherwise the same pair, for a number
   * without any call. Completes a merge. `at`: a callback names the id now, which keeps its alias.
   */
  async function personOf(pair: Pair, at?: Date): Promise<Pair> {
    const { business, customer } = pair;
    if (!isUserId(customer)) return pair;
    const [alias, left] = await allEnded([personAliases.get(aliasKeyOf(pair)), sessions.get(pair)]);
    if (!alias) return pair;
    const { key, number } = alias.value;
    if (left || alias.value.unmerged) await merge(leftover(alias));
    else if (at && aliasAfter(alias.value, { key, number, at }) !== alias.value)
      await learn({ business, number, userId: customer }, at);
    return { business, customer: number };
  }

  async function mergeLeftover(pair: Pair): Promise<Stored<Session> | undefined> {
    const person = await personOf(pair);
    return isUserId(person.customer) ? undefined : sessions.get(person);
  }

  /**
   * Everything that the person is known by: the number first, if there is one, then the user ids. The named id is among
   * them even if the session doesn't list it: an erasure may have stopped halfway.
   */
  async function pairsOf(named: Pair): Promise<readonly [Pair, ...Pair[]]> {
    const person = await personOf(named);
    const { userIds = [] } = (await sessions.get(person))?.value.known ?? {};
    const ids = new Set<CustomerId>([named.customer, ...userIds].filter(isUserId));
    ids.delete(person.customer);
    return [person, ...[...ids].map((customer) => ({ business: person.business, customer }))];
  }

  return { learn, personOf, pairsOf, sessions: makeSessionsOfPeople(deps, mergeLeftover) };
}

/** The alias with the session of its user id to be merged, too. */
function leftover({ value, revision }: Stored<PersonAlias>): Stored<PersonAlias> {
  const unmerged = [...new Set([...(value.unmerged ?? []), value.key.userId])];
  return { value: { ...value, unmerged }, revision };
}
