import type { TemplateStatus } from '../lipachat/callback.ts';
import type { CustomerId } from '../whatsapp/customer.ts';
import type { PhoneNumber } from '../whatsapp/phone.ts';
import type { InboundRecord } from './inbound-record.ts';
import type { ReceivedCallback } from './received-callback.ts';
import type { UnmatchedStatus } from './unmatched-status.ts';

export type { InboundRecord };

/**
 * Why a callback is kept raw. `unread`: handled without the fields that can't be read. `poison`: the store can never
 * take what it says. `reply` and `status`: understood, and about no message of ours; the text is what was read.
 */
export type RawReason = 'unrecognised' | 'unplaced' | 'unread' | 'poison' | 'reply' | 'status';

/** A callback for a person to read. */
export interface RawCallback {
  readonly id: string;
  /** Its JSON, up to a limit. */
  readonly text: string;
  readonly keptAt: Date;
  /** Version 0.1 did not keep why, since when, and the size. */
  readonly why?: RawReason | undefined;
  readonly receivedAt?: Date | undefined;
  /** The size of the whole callback. A text of fewer bytes has lost its end. */
  readonly bytes?: number | undefined;
}

/** The place of a raw callback among those that an erasure has to read. */
export interface RawPlace {
  readonly partition: string;
  readonly pk: string;
  readonly dueAt: number;
}

/** A page of raw callbacks. `business`: only those that name this business number, too. */
export interface RawPage {
  readonly business?: PhoneNumber | undefined;
  readonly after?: RawPlace | undefined;
  readonly isOver?: () => boolean;
}

export interface RawCallbackStore {
  /** Keeps a callback for 30 days, once per content, up to 256 KiB. */
  keepRaw(text: string, now: Date, facts?: Pick<RawCallback, 'why' | 'receivedAt'>): Promise<void>;
  /** Up to `limit` raw callbacks, the oldest first. Eventually consistent. */
  listRaw(limit: number): Promise<readonly RawCallback[]>;
  dropRaw(id: string): Promise<void>;
  /** Those that name one of the customers, in any spelling, page by page, and where to go on. Reads all of them. */
  rawNaming(
    customers: readonly CustomerId[],
    page?: RawPage,
  ): Promise<{ readonly found: readonly RawCallback[]; readonly next: RawPlace | undefined }>;
  /**
   * Removes raw callbacks that name one of the customers, in any spelling, and returns how many. Stops between two pages
   * when `isOver`, and returns where to go on.
   */
  dropRawNaming(
    customers: readonly CustomerId[],
    page?: RawPage,
  ): Promise<{ readonly dropped: number; readonly next: RawPlace | undefined }>;
}

export interface CallbackStore extends RawCallbackStore {
  /** Keeps an inbound id for 8 days. Returns the record of its first arrival. */
  remember(inbound: InboundRecord, now: Date): Promise<InboundRecord>;
  /** Keeps WhatsApp's status of a template, so that the change stream publishes it. */
  keepTemplateStatus(status: TemplateStatus): Promise<void>;
}

/** The unmatched statuses that an earlier version kept in the table. New ones wait in the callback queue. */
export interface OldUnmatchedStore {
  /** Up to `limit` that are due. */
  dueUnmatched(now: Date, limit: number): Promise<readonly UnmatchedStatus[]>;
  dropUnmatched(unmatched: UnmatchedStatus): Promise<void>;
}

export interface UnmatchedQueue {
  /** Has the queue deliver the status after this time, 900 seconds at most. Throws `store-unavailable`. */
  lookUpIn(unmatched: UnmatchedStatus, seconds: number): Promise<void>;
}

/** Callbacks that wait for their worker. */
export interface CallbackQueue {
  /** Stores a callback durably, with one call. Throws `store-unavailable`. */
  put(received: ReceivedCallback): Promise<void>;
  /** Has the queue deliver a failed record again after this time. Throws `store-unavailable`. */
  retryIn(receiptHandle: string, seconds: number): Promise<void>;
}
