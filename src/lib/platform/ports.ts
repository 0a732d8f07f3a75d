/** Time and chance, so that rules can be tested without either. */
export interface Clock {
  now(): Date;
  sleep(ms: number): Promise<void>;
}

export interface Random {
  /** A new id that nobody can guess. */
  uuid(): string;
  /** Evenly spread over [0, 1). */
  fraction(): number;
}

/**
 * What a store holds under a key, as it was read. It is the proof that a write needs: `replace` and `remove`
 * succeed only while the stored thing is still the very one that was read.
 */
export interface Stored<T> {
  readonly value: T;
  /** Opaque; new with each write. */
  readonly revision: string;
}

/** A write under a condition: done, or beaten by what is stored now (undefined: nothing any more). */
export type Written<T> =
  | { readonly done: true; readonly stored: Stored<T> }
  | { readonly done: false; readonly stored: Stored<T> | undefined };

/**
 * Conditional writes of single things. A write whose acknowledgement was lost and which a retry finds applied
 * counts as done. Every method throws `store-unavailable` if the store fails.
 */
export interface Versioned<Key, T> {
  get(key: Key): Promise<Stored<T> | undefined>;
  /** Writes it if nothing is stored under its key, or only something past its retention. */
  create(value: T): Promise<Written<T>>;
  replace(stored: Stored<T>, value: T): Promise<Written<T>>;
}

/** A value in the parameter store, cached in this process. Throws if it was never read and can't be now. */
export interface Secret {
  get(): Promise<string>;
  /** What to use after `refused` was refused: a newer value where there is one, else the same again. */
  newerThan(refused: string): Promise<string>;
}

/** Logs and counts. No phone number, secret or message text may be among the fields. */
export interface Telemetry {
  info(event: string, fields?: Record<string, unknown>): void;
  warn(event: string, fields?: Record<string, unknown>): void;
  error(event: string, fault: unknown, fields?: Record<string, unknown>): void;
  count(metric: string, n?: number): void;
  /** How long something took. Its samples are a count as well. */
  measure(metric: string, ms: number): void;
}
