import type { TemplateStatus } from '../lipachat/callback.ts';
import type { StatusReport } from '../messages/status-report.ts';
import type { CustomerId } from '../whatsapp/customer.ts';
import type { ReceivedCallback } from './received-callback.ts';

/** An inbound message's id and times, kept so that a repeated webhook has the same effect as the first. */
export interface InboundRecord {
  readonly id: string;
  readonly writtenAt: Date;
  /** When it first arrived. Version 0.1 did not keep it. */
  readonly seenAt?: Date | undefined;
}

/** A status that matches no stored message: the answer of its send isn't stored yet, or another system sent it. */
export interface UnmatchedStatus {
  /** A hash in place of WhatsApp's id, which contains the customer's number (`waKeyOf`). */
  readonly waKey: string;
  readonly report: Omit<StatusReport, 'waId' | 'gatewayMessageId'>;
  readonly keptAt: Date;
}

export interface CallbackStore {
  /** Keeps an inbound id for 8 days. Returns the record first stored under this id. */
  remember(inbound: InboundRecord, now: Date): Promise<InboundRecord>;
  /** Keeps an unrecognised callback for 30 days, once per content. */
  keepRaw(text: string, now: Date): Promise<void>;
  /** Removes raw callbacks that contain this number in any spelling. Returns how many. */
  dropRawNaming(number: CustomerId): Promise<number>;
  /** Keeps WhatsApp's status of a template, so that the change stream publishes it. */
  keepTemplateStatus(status: TemplateStatus): Promise<void>;
  /** Keeps a status for 8 days. The sweeper looks for its message at `dueAt`; undefined ends the search. */
  keepUnmatched(unmatched: UnmatchedStatus, dueAt: Date | undefined): Promise<void>;
  /** Up to `limit` unmatched statuses with a `dueAt` in the past. */
  dueUnmatched(now: Date, limit: number): Promise<readonly UnmatchedStatus[]>;
  dropUnmatched(unmatched: UnmatchedStatus): Promise<void>;
}

/** Callbacks that wait for their worker. */
export interface CallbackQueue {
  /** Stores a callback durably, with one call. Throws `store-unavailable`. */
  put(received: ReceivedCallback): Promise<void>;
  /** Has the queue deliver a failed record again after this time. Throws `store-unavailable`. */
  retryIn(receiptHandle: string, seconds: number): Promise<void>;
}
