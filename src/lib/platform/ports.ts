/** The current time and timers. A port, so that tests control them. */
export interface Clock {
  now(): Date;
  sleep(ms: number): Promise<void>;
}

export interface Random {
  /** A new, unguessable id. */
  uuid(): string;
  /** A new secret: 128 random bits as base64url. */
  key(): string;
  /** Uniform in [0, 1). */
  fraction(): number;
}

/**
 * A value as it was read from a store. Writes need it as proof: `replace` and `remove` succeed only if the
 * stored value has not changed since.
 */
export interface Stored<T> {
  readonly value: T;
  /** Opaque; new with each write. */
  readonly revision: string;
}

/** The result of a conditional write: done, or not done and what is stored instead (undefined: nothing). */
export type Written<T> =
  | { readonly done: true; readonly stored: Stored<T> }
  | { readonly done: false; readonly stored: Stored<T> | undefined };

/**
 * Conditional writes of single items. If a retry finds its write applied, because only the acknowledgement
 * was lost, the write counts as done. Every method throws `store-unavailable` if the store fails.
 */
export interface Versioned<Key, T> {
  get(key: Key): Promise<Stored<T> | undefined>;
  /** Writes the value if its key is free, or holds only an expired item. */
  create(value: T): Promise<Written<T>>;
  replace(stored: Stored<T>, value: T): Promise<Written<T>>;
}

/** A value in the parameter store, cached in this process. Throws if it was never read and can't be read now. */
export interface Secret {
  get(): Promise<string>;
  /** The value to use after `refused`: a newer one if the store has one, otherwise the same. Asks at most every 30 s. */
  newerThan(refused: string): Promise<string>;
}

/** The key of the cursors of lists, 32 bytes: the same for all processes. */
export interface CursorKey {
  get(): Promise<Buffer>;
}

/** What JSON can hold, so that no log line can throw. */
type Loggable = string | number | boolean | null | undefined | readonly Loggable[] | LogFields;

export interface LogFields {
  readonly [name: string]: Loggable;
}

/** Logs and metrics. Fields must not contain phone numbers, secrets or message texts. */
export interface Telemetry {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fault: unknown, fields?: LogFields): void;
  count(metric: string, n?: number): void;
  /** The same for several metrics, in one line. */
  counts(facts: ReadonlyMap<string, number>): void;
  /** Records a duration in milliseconds. The number of samples serves as a count. */
  measure(metric: string, ms: number): void;
}
