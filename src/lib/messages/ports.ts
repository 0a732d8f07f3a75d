import type { Stored, Versioned } from '../platform/ports.ts';
import type { Pair } from '../whatsapp/phone.ts';
import type { Message, MessageId } from './message.ts';

export interface MessageStore extends Versioned<MessageId, Message> {
  /** Removes the message if it is unchanged since it was read. Also true if it is already gone. */
  remove(stored: Stored<Message>): Promise<boolean>;
  /** The message with this WhatsApp id. Eventually consistent, since it queries an index. */
  findByWaId(waId: string): Promise<MessageId | undefined>;
  /** Like `findByWaId`, by the id's hash (`waKeyOf`). */
  findByWaKey(waKey: string): Promise<MessageId | undefined>;
  /** Up to `limit` messages in the pair's recipient queue, oldest first. Eventually consistent. */
  waiting(pair: Pair, limit: number): Promise<readonly MessageId[]>;
  /** The pair's newest `limit` messages outside the recipient queue, in any status. Eventually consistent. */
  latest(pair: Pair, limit: number): Promise<readonly MessageId[]>;
  /** The pair's messages in any status, newest first, page by page. Eventually consistent. */
  page(pair: Pair, range: PageRange): Promise<MessagePage>;
  /** Up to `limit` messages of the pair, in any status. Eventually consistent. */
  ofPair(pair: Pair, limit: number): Promise<readonly MessageId[]>;
  /** Removes the message unconditionally, for erasure. */
  drop(id: MessageId): Promise<void>;
  /** Up to `limit` messages without a lease that have a `dueAt` in the past, oldest first. */
  due(now: Date, limit: number): Promise<readonly MessageId[]>;
  /** Up to `limit` messages that became unknown by `upTo` and that nothing repeats, oldest first. */
  unknown(upTo: Date, limit: number): Promise<readonly MessageId[]>;
  /**
   * One page of the messages in a part of the table that a crash left behind: their lease is over but still in place.
   * Reads every item of the part. Eventually consistent.
   */
  abandoned(part: TablePart, page: AbandonedPage): Promise<Abandoned>;
}

/** `before`: the `next` of the page before it. */
interface PageRange {
  readonly limit: number;
  readonly before?: string | undefined;
}

/** `next` is undefined on the last page. A message that changes meanwhile keeps its place. */
interface MessagePage {
  readonly ids: readonly MessageId[];
  readonly next: string | undefined;
}

/** One of `of` equal parts of the table. `segment` counts from 0. */
export interface TablePart {
  readonly segment: number;
  readonly of: number;
}

interface AbandonedPage {
  readonly now: Date;
  /** The `next` of the page before; undefined for the first page. */
  readonly after: string | undefined;
}

interface Abandoned {
  readonly ids: readonly MessageId[];
  /** Undefined after the last page. A page may be empty and have a next one. */
  readonly next: string | undefined;
}

/** At its end, the lease is looked at: if it is still in place, its owner crashed. */
export interface Watch {
  readonly messageId: MessageId;
  readonly clientId: string;
  /** The lease's owner, which identifies the lease. */
  readonly owner: string;
  readonly until: Date;
}

/** Enqueues a message for the worker, at least once. The queue is shared fairly by client. Throws `store-unavailable`. */
export interface DeliveryQueue {
  enqueue(message: Pick<Message, 'messageId' | 'clientId'>, delaySeconds: number): Promise<void>;
}

export interface WatchQueue {
  /**
   * Enqueues one to ten watches for the worker, each until its lease is over, or for 15 minutes if that is sooner.
   * Returns, in their order, which of them the queue accepted. Throws `store-unavailable` if the call fails.
   */
  watch(watches: readonly Watch[]): Promise<readonly boolean[]>;
}

/** What an alias names. Version 0.1 stored no `of`. */
export interface Aliased {
  readonly messageId: MessageId;
  readonly of?: 'flow' | 'template' | undefined;
}

/**
 * Other ids under which a callback may name a message: the id of a resend or a template message, or
 * the hash of WhatsApp's id (`waKeyOf`) of an earlier send or a template message. Kept for 30 days.
 */
export interface MessageAliasStore {
  keep(alias: string, aliased: Aliased): Promise<void>;
  find(alias: string): Promise<Aliased | undefined>;
  drop(aliases: readonly string[]): Promise<void>;
}
