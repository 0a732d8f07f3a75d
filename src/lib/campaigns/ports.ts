import type { ApiClient } from '../clients/ports.ts';
import type { Versioned } from '../platform/ports.ts';
import type { PhoneNumber } from '../whatsapp/phone.ts';
import type { Campaign } from './campaign.ts';
import type { CampaignId } from './campaign-id.ts';
import type { FailureStreak, FailureStreakKey } from './failures/streak.ts';
import type { LedgerBatch, Settlement } from './ledger.ts';
import type { RateLimit } from './rate-limit.ts';

/** A campaign in a list; `place` is its place there. */
export interface Listed {
  readonly id: CampaignId;
  readonly place: string;
}

export interface CampaignStore extends Versioned<CampaignId, Campaign> {
  /** Up to `limit` campaigns with a `dueAt` in the past, longest due first. Eventually consistent. */
  due(now: Date, limit: number): Promise<readonly CampaignId[]>;
  /**
   * Up to `limit` campaigns of these clients, newest first, after the place `after`. Among them are those of 0.1, of all clients.
   * Eventually consistent.
   */
  list(
    clientIds: readonly string[],
    page: { readonly limit: number; readonly after: string | undefined },
  ): Promise<readonly Listed[]>;
}

/** All API clients, with an entry for each token. Eventually consistent. */
export interface ClientDirectory {
  list(): Promise<readonly ApiClient[]>;
}

export type BatchKey = Pick<LedgerBatch, 'campaignId' | 'n'>;

/** The ledger. Each method is one conditional write, so a repeat has no further effect. */
export interface LedgerStore {
  get(key: BatchKey): Promise<LedgerBatch | undefined>;
  /** Writes the batch unless it exists. Returns the stored one. */
  open(batch: LedgerBatch): Promise<LedgerBatch>;
  /**
   * Removes the row from the pending ones and counts it. Returns the new batch; undefined if the row was not
   * pending.
   */
  settle(key: BatchKey, row: number, settlement: Settlement): Promise<LedgerBatch | undefined>;
  /** Of all callers that saw the same batch, one may enqueue its pending recipients again. */
  claimRound(
    seen: LedgerBatch,
    round: Pick<LedgerBatch, 'enqueuedAt' | 'lostAfter' | 'rounds'>,
  ): Promise<boolean>;
  /** All records of this round are in the queue. */
  noteEnqueued(key: BatchKey & Pick<LedgerBatch, 'enqueuedAt'>): Promise<void>;
  /** Delays the loss deadline, because one of the records was enqueued for later. */
  postpone(key: BatchKey, lostAfter: Date): Promise<void>;
}

/** The rate limit of a business number that was slowed. */
export interface StoredRateLimit extends RateLimit {
  readonly business: PhoneNumber;
}

export type RateLimitStore = Versioned<PhoneNumber, StoredRateLimit>;

export type FailureStreakStore = Versioned<FailureStreakKey, FailureStreak>;

export interface ObjectRef {
  readonly bucket: string;
  readonly key: string;
}

/** A version of an object. */
export interface ObjectVersion {
  /** Names its content, as it was put. An erasure takes persons out of an object, and leaves its `etag` and `modifiedAt`. */
  readonly etag: string;
  readonly modifiedAt: Date;
  /** New with every write, an erasure's too. */
  readonly revision: string;
}

/** S3. A missing or changed object is a `RecipientsFault`; no answer is `store-unavailable`. */
export interface ObjectStore {
  /** LipaFlow's own bucket. */
  readonly bucket: string;
  head(ref: ObjectRef): Promise<ObjectVersion & { readonly bytes: number }>;
  /** Streams the whole object; `etag` is of the version read. */
  open(
    ref: ObjectRef & { readonly etag?: string | undefined },
  ): Promise<ObjectVersion & { readonly body: AsyncIterable<Uint8Array> }>;
  /** A byte range of the version that `etag` names; shorter at the object's end. */
  readRange(
    ref: ObjectRef & { readonly etag?: string | undefined },
    range: { readonly offset: number; readonly length: number },
  ): Promise<Buffer>;
  put(key: string, content: string | Uint8Array): Promise<void>;
  /** Also succeeds if the object is already gone. */
  remove(key: string): Promise<void>;
  /** Writes an object in parts; it exists once `close` resolves. */
  writer(key: string): ObjectWriter;
  /** Replaces the version that was read, and keeps its `etag` and `modifiedAt`. `close` fails if there is another one by now. */
  rewriter(key: string, version: ObjectVersion): ObjectWriter;
  /** Keys of the bucket behind `after`, in their order, a thousand at most. */
  keys(after: string | undefined): Promise<readonly string[]>;
  /** A URL that accepts a PUT of the object's bytes, until it expires. */
  uploadUrl(key: string, expiresSeconds: number): Promise<string>;
}

export interface ObjectWriter {
  write(text: string | Uint8Array): Promise<void>;
  close(): Promise<{ readonly etag: string; readonly bytes: number }>;
  /** Leaves no object behind. */
  abort(): Promise<void>;
}

/** One recipient to send to. The job is void once its batch was enqueued again: `enqueuedAt` is the batch's. */
export interface RecipientJob extends BatchKey, Pick<LedgerBatch, 'enqueuedAt'> {
  /** Its row in the plan. */
  readonly row: number;
  /** Earliest time to send. */
  readonly scheduledAt: Date;
  /** Earlier tries, which sent nothing. */
  readonly tries: number;
}

export interface CampaignQueue {
  /**
   * Enqueues all jobs of a client, each for its `scheduledAt`. The queue is shared fairly by client. Throws
   * `store-unavailable` if some could not be enqueued.
   */
  enqueue(jobs: readonly RecipientJob[], clientId: string): Promise<void>;
}

interface PlanJob {
  readonly campaignId: CampaignId;
  readonly planId: string;
}

/** Enqueues a campaign for the planner. The queue is shared fairly by client. Throws `store-unavailable`. */
export interface PlanQueue {
  enqueue(job: PlanJob & { readonly clientId: string }): Promise<void>;
}
