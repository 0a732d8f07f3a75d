import type { FlowRequest, Message, MessageId, StatusReport } from './domain/message.ts';
import type { Outcome } from './domain/outcome.ts';
import type { Pair } from './domain/phone.ts';
import type { Session } from './domain/session.ts';

/** Time and chance, so that rules can be tested without either. */
export interface Clock {
  now(): Date;
  sleep(ms: number): Promise<void>;
}

export interface Chance {
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

export interface MessageStore extends Versioned<MessageId, Message> {
  /** Removes it if it is still the one that was read. True also if it is gone already. */
  remove(stored: Stored<Message>): Promise<boolean>;
  /** The message that WhatsApp knows by this id; a moment late, since it asks an index. */
  findByWaId(waId: string): Promise<MessageId | undefined>;
  /** Up to `limit` messages whose `dueAt` is over, the oldest first. */
  due(now: Date, limit: number): Promise<readonly MessageId[]>;
}

export type SessionStore = Versioned<Pair, Session>;

/** An inbound message's id and time, kept so that a repeated webhook means the same as the first. */
export interface InboundRecord {
  readonly id: string;
  readonly writtenAt: Date;
}

/** A status callback that names no message of ours: the send's answer may not be stored yet, or it is foreign. */
export interface Orphan {
  readonly waId: string;
  readonly report: StatusReport;
  readonly keptAt: Date;
}

export interface CallbackStore {
  /** Keeps an inbound id for 8 days; gives back the record that was first under it. */
  remember(inbound: InboundRecord, now: Date): Promise<InboundRecord>;
  /** Keeps a callback that nobody understood for 30 days, once per content. */
  keepRaw(text: string, now: Date): Promise<void>;
  /** Keeps a status for 8 days; the sweeper looks for its message at `dueAt`, or no more where that is absent. */
  keepOrphan(orphan: Orphan, dueAt: Date | undefined): Promise<void>;
  /** Up to `limit` orphans whose time has come. */
  dueOrphans(now: Date, limit: number): Promise<readonly Orphan[]>;
  dropOrphan(orphan: Orphan): Promise<void>;
}

export interface ApiClient {
  readonly clientId: string;
  readonly scopes: readonly string[];
}

export interface ClientStore {
  /** The client whose token has this SHA-256 (hex); undefined if there is none or it was revoked. */
  byTokenHash(hash: string): Promise<ApiClient | undefined>;
}

/** A value in the parameter store, cached in this process. Throws if it was never read and can't be now. */
export interface Secret {
  get(): Promise<string>;
  /** What to use after `refused` was refused: a newer value where there is one, else the same again. */
  newerThan(refused: string): Promise<string>;
}

/** One call to LipaChat. It never throws: each fault is an outcome. */
export interface Gateway {
  sendFlow(
    request: FlowRequest,
    call: { readonly apiKey: string; readonly timeoutMs: number },
  ): Promise<Outcome>;
}

/** Logs and counts. No phone number, secret or message text may be among the fields. */
export interface Telemetry {
  info(event: string, fields?: Record<string, unknown>): void;
  warn(event: string, fields?: Record<string, unknown>): void;
  error(event: string, fault: unknown, fields?: Record<string, unknown>): void;
  count(metric: string, n?: number): void;
}
