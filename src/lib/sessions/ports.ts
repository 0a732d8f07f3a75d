import type { Stored, Versioned } from '../platform/ports.ts';
import type { Pair } from '../whatsapp/phone.ts';
import type { Session } from '../whatsapp/session-window.ts';

export interface SessionStore extends Versioned<Pair, Session> {
  /** Up to a hundred at once, each in the place of its pair; a moment late, for estimates. */
  getMany(pairs: readonly Pair[]): Promise<readonly (Session | undefined)[]>;
  /** Removes it if it is still the one that was read. True also if it is gone already. */
  remove(stored: Stored<Session>): Promise<boolean>;
}

/** Who opted out and was erased: salted hashes, so that the word stays in force while the number is gone. */
export interface ErasedOptOutStore {
  /** Since when that word stands; undefined if there is none. */
  optedOutAt(pair: Pair): Promise<Date | undefined>;
  /** Up to a hundred at once: who of them; a moment late, for estimates. */
  whoOptedOut(pairs: readonly Pair[]): Promise<readonly boolean[]>;
  remember(pair: Pair, at: Date): Promise<void>;
  forget(pair: Pair): Promise<void>;
}
