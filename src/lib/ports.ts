import type { OutboundEvent, TemplateStatus } from './domain/events.ts';
import type { FlowRequest, Message, MessageId, TemplateMessage } from './domain/message.ts';
import type { Outcome } from './domain/outcome.ts';
import type { Pair, PhoneNumber } from './domain/phone.ts';
import type { Session } from './domain/session.ts';
import type { StatusReport } from './domain/status-report.ts';

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
  /** The same by the id's key (`waKeyOf`). */
  findByWaKey(waKey: string): Promise<MessageId | undefined>;
  /** Up to `limit` messages of the pair that wait for their turn, the oldest first; a moment late. */
  waiting(pair: Pair, limit: number): Promise<readonly MessageId[]>;
  /** Up to `limit` flows of the pair that were sent and may still be answered, the newest first; a moment late. */
  answerable(pair: Pair, limit: number): Promise<readonly MessageId[]>;
  /** Up to `limit` flows of the pair that have their reply, the newest first; a moment late. */
  answered(pair: Pair, limit: number): Promise<readonly MessageId[]>;
  /** Up to `limit` messages of the pair, whatever became of them; a moment late. */
  ofPair(pair: Pair, limit: number): Promise<readonly MessageId[]>;
  /** Removes it, whoever holds it: for erasure. */
  drop(id: MessageId): Promise<void>;
  /** Up to `limit` messages whose `dueAt` is over, the oldest first. */
  due(now: Date, limit: number): Promise<readonly MessageId[]>;
}

export interface SessionStore extends Versioned<Pair, Session> {
  /** Up to a hundred at once, each in the place of its pair; a moment late, for estimates. */
  getMany(pairs: readonly Pair[]): Promise<readonly (Session | undefined)[]>;
  /** Removes it if it is still the one that was read. True also if it is gone already. */
  remove(stored: Stored<Session>): Promise<boolean>;
}

/** Who opted out and was erased: salted hashes, so that the word stays in force while the number is gone. */
export interface ForgottenStore {
  /** Since when that word stands; undefined if there is none. */
  optedOutAt(pair: Pair): Promise<Date | undefined>;
  /** Up to a hundred at once: who of them; a moment late, for estimates. */
  whoOptedOut(pairs: readonly Pair[]): Promise<readonly boolean[]>;
  remember(pair: Pair, at: Date): Promise<void>;
  forget(pair: Pair): Promise<void>;
}

/** The one template message that may be out for a customer and a flow. */
export interface InvitationSlot {
  /** Names customer and flow without telling them. */
  readonly slot: string;
  /** Whose template message it is. */
  readonly holder: MessageId;
  readonly at: Date;
  readonly until: Date;
}

export interface InvitationStore extends Versioned<string, InvitationSlot> {
  /** Removes it, whoever holds it: for erasure. */
  drop(slot: string): Promise<void>;
}

/** Wakes the worker for a message, once or more often. Throws `store-unavailable`. */
export interface DeliveryQueue {
  enqueue(messageId: MessageId, delaySeconds: number): Promise<void>;
}

/** An inbound message's id and time, kept so that a repeated webhook means the same as the first. */
export interface InboundRecord {
  readonly id: string;
  readonly writtenAt: Date;
}

/** A status callback that names no message of ours: the send's answer may not be stored yet, or it is foreign. */
export interface Orphan {
  /** In the place of WhatsApp's id, which holds the customer's number (`waKeyOf`). */
  readonly waKey: string;
  readonly report: Omit<StatusReport, 'waId' | 'wireId'>;
  readonly keptAt: Date;
}

export interface CallbackStore {
  /** Keeps an inbound id for 8 days; gives back the record that was first under it. */
  remember(inbound: InboundRecord, now: Date): Promise<InboundRecord>;
  /** Keeps a callback that nobody understood for 30 days, once per content. */
  keepRaw(text: string, now: Date): Promise<void>;
  /** Drops the raw callbacks in which this number stands, however it is written. Gives back how many. */
  dropRawNaming(number: PhoneNumber): Promise<number>;
  /** Keeps what WhatsApp thinks of a template, so that the change stream tells it. */
  keepTemplateStatus(status: TemplateStatus): Promise<void>;
  /** Keeps a status for 8 days; the sweeper looks for its message at `dueAt`, or no more where that is absent. */
  keepOrphan(orphan: Orphan, dueAt: Date | undefined): Promise<void>;
  /** Up to `limit` orphans whose time has come. */
  dueOrphans(now: Date, limit: number): Promise<readonly Orphan[]>;
  dropOrphan(orphan: Orphan): Promise<void>;
  /**
   * Keeps for 30 days under which other id a message may be spoken of: the one that LipaChat gets for a repeat or
   * for its template message, or the key of WhatsApp's id of that (`waKeyOf`).
   */
  keepWireId(wireId: string, messageId: MessageId): Promise<void>;
  messageOfWireId(wireId: string): Promise<MessageId | undefined>;
  dropWireIds(wireIds: readonly string[]): Promise<void>;
}

export interface EventBus {
  /** Which of them the bus has taken, in their order: ten at most. Throws if it took none. */
  put(events: readonly OutboundEvent[]): Promise<readonly boolean[]>;
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
  /** `wireId` is the messageId that LipaChat gets, and deduplicates on. */
  sendFlow(request: FlowRequest, call: GatewayCall & { readonly wireId: string }): Promise<Outcome>;
  sendTemplate(invitation: TemplateRequest, call: GatewayCall): Promise<Outcome>;
}

export interface GatewayCall {
  readonly apiKey: string;
  readonly timeoutMs: number;
}

export interface TemplateRequest {
  readonly messageId: string;
  readonly pair: Pair;
  readonly template: TemplateMessage;
}

/** A file of the documentation, as it was built. */
export interface DocsFile {
  readonly name: string;
  readonly gzipped: Uint8Array;
  /** Of the content: another one after a change, the same in every process. */
  readonly hash: string;
}

export interface DocsFiles {
  byName(name: string): DocsFile | undefined;
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
