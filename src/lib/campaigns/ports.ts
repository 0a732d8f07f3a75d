import type { Versioned } from '../platform/ports.ts';
import type { PhoneNumber } from '../whatsapp/phone.ts';
import type { Campaign } from './campaign.ts';
import type { CampaignId } from './campaign-id.ts';
import type { LedgerBatch, Settlement } from './ledger.ts';
import type { RateLimit } from './rate-limit.ts';

/** A page of campaigns, the newest first; `next` gives the one after it. */
interface CampaignPage {
  readonly ids: readonly CampaignId[];
  readonly next: string | undefined;
}

export interface CampaignStore extends Versioned<CampaignId, Campaign> {
  /** Up to `limit` campaigns whose `dueAt` is over, the longest due first; a moment late. */
  due(now: Date, limit: number): Promise<readonly CampaignId[]>;
  /** A moment late. */
  list(page: { readonly limit: number; readonly after: string | undefined }): Promise<CampaignPage>;
}

export type BatchKey = Pick<LedgerBatch, 'campaignId' | 'n'>;

/** The ledger. Each method is one conditional write, which a repeat can't pass twice. */
export interface LedgerStore {
  get(key: BatchKey): Promise<LedgerBatch | undefined>;
  /** Writes it unless it is there already; gives back what is there. */
  open(batch: LedgerBatch): Promise<LedgerBatch>;
  /** Takes the row out of the pending ones and counts it; the batch after it. Undefined: it was not pending. */
  settle(key: BatchKey, row: number, settlement: Settlement): Promise<LedgerBatch | undefined>;
  /** Of all callers that saw the same batch, one may enqueue its pending recipients again. */
  claimRound(
    seen: LedgerBatch,
    round: Pick<LedgerBatch, 'enqueuedAt' | 'lostAfter' | 'rounds'>,
  ): Promise<boolean>;
  /** All records of this round are in the queue. */
  noteEnqueued(key: BatchKey & Pick<LedgerBatch, 'enqueuedAt'>): Promise<void>;
  /** Its records count as lost no earlier than this: one of them was enqueued for later. */
  postpone(key: BatchKey, lostAfter: Date): Promise<void>;
}

/** The rate limit of a business number that was slowed. */
export interface StoredRateLimit extends RateLimit {
  readonly business: PhoneNumber;
}

export type RateLimitStore = Versioned<PhoneNumber, StoredRateLimit>;

export interface ObjectRef {
  readonly bucket: string;
  readonly key: string;
}

/** S3. A missing or changed object is a `RecipientsFault`; a service that does not answer is `store-unavailable`. */
export interface ObjectStore {
  /** The service's own bucket. */
  readonly bucket: string;
  head(ref: ObjectRef): Promise<{ readonly etag: string; readonly bytes: number }>;
  /** The whole object as a stream; `etag` is that of what is read. */
  open(ref: ObjectRef): Promise<{ readonly etag: string; readonly body: AsyncIterable<Uint8Array> }>;
  /** A part of the very version that `etag` names; shorter at the object's end. */
  readRange(
    ref: ObjectRef & { readonly etag?: string | undefined },
    range: { readonly offset: number; readonly length: number },
  ): Promise<Buffer>;
  put(key: string, text: string): Promise<void>;
  /** Also if it is gone already. */
  remove(key: string): Promise<void>;
  /** Writes an object part by part; it is there from `close` on. */
  writer(key: string): ObjectWriter;
  /** A URL to which the caller may PUT the object's bytes, for a time. */
  uploadUrl(key: string, expiresSeconds: number): Promise<string>;
}

export interface ObjectWriter {
  write(text: string): Promise<void>;
  close(): Promise<{ readonly etag: string; readonly bytes: number }>;
  /** Nothing of it stays. */
  abort(): Promise<void>;
}

/** One recipient to send to. It is void once the batch was enqueued again: `enqueuedAt` is the batch's. */
export interface RecipientJob extends BatchKey, Pick<LedgerBatch, 'enqueuedAt'> {
  /** Its place in the plan. */
  readonly row: number;
  /** Not before this. */
  readonly scheduledAt: Date;
  /** Earlier tries, which sent nothing. */
  readonly tries: number;
}

export interface CampaignQueue {
  /** Enqueues all of them, each for its `scheduledAt`. Throws `store-unavailable` if some could not be. */
  enqueue(jobs: readonly RecipientJob[]): Promise<void>;
}

/** Brings a campaign to its planner. Throws `store-unavailable`. */
export interface PlanQueue {
  enqueue(job: { readonly campaignId: CampaignId; readonly planId: string }): Promise<void>;
}
