import type { Stored, Versioned } from '../platform/ports.ts';
import type { Pair } from '../whatsapp/phone.ts';
import type { Message, MessageId } from './message.ts';

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
  awaitingReply(pair: Pair, limit: number): Promise<readonly MessageId[]>;
  /** Up to `limit` flows of the pair that have their reply, the newest first; a moment late. */
  replied(pair: Pair, limit: number): Promise<readonly MessageId[]>;
  /** Up to `limit` messages of the pair, whatever became of them; a moment late. */
  ofPair(pair: Pair, limit: number): Promise<readonly MessageId[]>;
  /** Removes it, whoever holds it: for erasure. */
  drop(id: MessageId): Promise<void>;
  /** Up to `limit` messages whose `dueAt` is over, the oldest first. */
  due(now: Date, limit: number): Promise<readonly MessageId[]>;
}

/** Wakes the worker for a message, once or more often. Throws `store-unavailable`. */
export interface DeliveryQueue {
  enqueue(messageId: MessageId, delaySeconds: number): Promise<void>;
}

/**
 * Other ids under which a callback may name a message: the id that LipaChat gets for a resend or for its template
 * message, or the key of WhatsApp's id of that template message (`waKeyOf`). Kept for 30 days.
 */
export interface MessageAliasStore {
  keep(alias: string, messageId: MessageId): Promise<void>;
  messageOf(alias: string): Promise<MessageId | undefined>;
  drop(aliases: readonly string[]): Promise<void>;
}
