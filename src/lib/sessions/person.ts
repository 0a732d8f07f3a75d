import type { ConsentWord } from '../whatsapp/consent.ts';
import { type CustomerId, isUserId, type UserId } from '../whatsapp/customer.ts';
import type { Pair, PhoneNumber } from '../whatsapp/phone.ts';
import { afterConsent, consentWordOf, hasOptedOut, type Session } from '../whatsapp/session-window.ts';

/*
 * One person may be known by a number and by user ids (ADR 026). The number is their key, because sends name numbers.
 * An alias leads from a user id to the number, and the session of the number lists the ids.
 */

/** A user id at one business number. */
export interface AliasKey {
  readonly business: PhoneNumber;
  readonly userId: UserId;
}

export interface PersonAlias {
  readonly key: AliasKey;
  readonly number: PhoneNumber;
  /** The latest callback that named both, to within `REFRESH_MS`. */
  readonly namedAt: Date;
  /** Customers with sessions still to be merged into the number's: the user id, and earlier numbers. */
  readonly unmerged?: readonly CustomerId[] | undefined;
}

/** The key of a pair that names its customer by user id. */
export function aliasKeyOf({ business, customer }: Pair): AliasKey {
  return { business, userId: customer as UserId };
}

const DAY_MS = 86_400_000;
/** WhatsApp leaves out the number of a person who hides it 30 days after the last contact: long after, the id is all. */
const ALIAS_MS = 400 * DAY_MS;
/** A known alias is written again no more often than this. */
const REFRESH_MS = 30 * DAY_MS;

export function endOfAlias(namedAt: Date): Date {
  return new Date(namedAt.getTime() + ALIAS_MS);
}

/**
 * The alias after a callback named both at `at`. Returns the same object if nothing changes. Between two numbers the
 * later callback decides, and of two at once the greater number, so that the order of arrival makes no difference.
 */
export function aliasAfter(
  alias: PersonAlias | undefined,
  named: Pick<PersonAlias, 'key' | 'number'> & { readonly at: Date },
): PersonAlias {
  const { key, number, at } = named;
  if (!alias) return { key, number, namedAt: at, unmerged: [key.userId] };
  const age = at.getTime() - alias.namedAt.getTime();
  const merging = (...more: CustomerId[]) => [...new Set([...(alias.unmerged ?? []), ...more])];
  if (alias.number === number) {
    return age > REFRESH_MS ? { ...alias, namedAt: at, unmerged: merging(key.userId) } : alias;
  }
  const isLater = age > 0 || (age === 0 && number > alias.number);
  // An earlier number's opt-out goes over, too, even if its callback is late.
  if (!isLater) return { ...alias, unmerged: merging(number) };
  const unmerged = merging(key.userId, alias.number).filter((one) => one !== number);
  return { ...alias, number, namedAt: at, unmerged };
}

/** No person has so many ids. Without a bound, the session of a number could outgrow its item, and never be written again. */
const MOST_USER_IDS = 100;

/** The session of the number, with the user id in its list, unless that is full. */
export function withUserId(session: Session, { userId }: AliasKey, namedAt: Date): Session {
  const { userIds = [], namedAt: known = namedAt } = session.known ?? {};
  if (session.known && userIds.includes(userId) && known >= namedAt) return session;
  if (userIds.length >= MOST_USER_IDS && !userIds.includes(userId)) return session;
  const latest = known > namedAt ? known : namedAt;
  return { ...session, known: { userIds: [...new Set([...userIds, userId])], namedAt: latest } };
}

/** The session of an earlier number, which the user id has left. */
export function withoutUserId(session: Session, { userId }: AliasKey): Session {
  const { known } = session;
  if (!known?.userIds.includes(userId)) return session;
  const userIds = known.userIds.filter((one) => one !== userId);
  return { ...session, known: userIds.length > 0 ? { ...known, userIds } : undefined };
}

/**
 * Merges two sessions of one person: an opt-out on either side stays in force, and of all else the later value counts. From
 * an earlier number only an opt-out is taken. Merging again changes nothing.
 */
export function merged(session: Session, other: Session): Session {
  const word = consentWordOf(other);
  const isOptOut = hasOptedOut(other);
  if (!isUserId(other.pair.customer)) return word && isOptOut ? optedOut(session, word) : session;
  const whole = {
    ...session,
    window: latest(session.window, other.window, ({ lastInboundAt }) => lastInboundAt),
    paceUntil: latest(session.paceUntil, other.paceUntil, (at) => at),
  };
  const words = [...(other.words ?? []), ...(word ? [word] : [])];
  const spoken = words.reduce(afterConsent, whole);
  return hasOptedOut(session) || isOptOut ? stillOptedOut(spoken) : spoken;
}

export function optedOut(session: Session, word: ConsentWord): Session {
  return stillOptedOut(afterConsent(session, word));
}

/** Puts a STOP behind a START that was the latest word, so that no repeat of the START counts. */
function stillOptedOut(session: Session): Session {
  const last = consentWordOf(session);
  if (!last || last.optedOut) return session;
  return afterConsent(session, { ...last, optedOut: true, of: undefined, by: undefined });
}

function latest<T>(a: T | undefined, b: T | undefined, at: (one: T) => Date): T | undefined {
  if (!a || !b) return a ?? b;
  return at(b) > at(a) ? b : a;
}
