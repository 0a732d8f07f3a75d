import type { Stored, Versioned } from '../platform/ports.ts';
import type { ConsentWord } from '../whatsapp/consent.ts';
import type { CustomerId } from '../whatsapp/customer.ts';
import type { Pair, PhoneNumber } from '../whatsapp/phone.ts';
import type { Session } from '../whatsapp/session-window.ts';
import type { AliasKey, PersonAlias } from './person.ts';

export interface SessionStore extends Versioned<Pair, Session> {
  /** The sessions of up to a hundred pairs, in the order of `pairs`. Eventually consistent: for estimates only. */
  getMany(pairs: readonly Pair[]): Promise<readonly (Session | undefined)[]>;
  /** Removes the session if it is unchanged since it was read. Also true if it is already gone. */
  remove(stored: Stored<Session>): Promise<boolean>;
}

export type ErasedOptOut = Pick<ConsentWord, 'at' | 'seenAt' | 'place'>;

/** Opt-outs of erased customers, as keyed hashes: the opt-out stays in force without the number. */
export interface ErasedOptOutStore {
  /** Since when the opt-out has been in force; undefined if there is none. */
  optedOutAt(pair: Pair): Promise<Date | undefined>;
  /** Which of up to a hundred pairs opted out, in their order. Eventually consistent: for estimates only. */
  whoOptedOut(pairs: readonly Pair[]): Promise<readonly boolean[]>;
  /** The opt-out's place in the order of STOPs and STARTs; undefined if there is none. */
  find(pair: Pair): Promise<ErasedOptOut | undefined>;
  remember(pair: Pair, at: Date, arrival?: Omit<ErasedOptOut, 'at'>): Promise<void>;
  forget(pair: Pair): Promise<void>;
  /** Notes for 8 days that the customer was erased: statuses may still arrive, and must not bring them back. */
  noteErasure(pair: Pair, now: Date): Promise<void>;
  wasErased(pair: Pair): Promise<boolean>;
}

/** When customers were erased, as keyed hashes, so that no file from before an erasure sends to them. */
export interface TombstoneStore {
  /** Kept for 400 days. Throws `store-unavailable` without the key of the hashes. */
  bury(pair: Pair, at: Date): Promise<void>;
  /** The latest erasure; undefined if there was none. */
  erasedAt(pair: Pair): Promise<Date | undefined>;
  /** Which customers of the business number were erased at `since` or later. Eventually consistent. */
  erasedSince(business: PhoneNumber, since: Date): Promise<(customer: CustomerId) => boolean>;
}

/** Which number a user id belongs to. */
export interface PersonAliasStore extends Versioned<AliasKey, PersonAlias> {
  /** Removes it unconditionally, for erasure. */
  drop(key: AliasKey): Promise<void>;
}
