/** The ports of campaigns in memory. They enforce every condition that the table, S3 and SQS enforce. */
import type { Campaign } from '../../../src/lib/campaigns/campaign.ts';
import type { CampaignId } from '../../../src/lib/campaigns/campaign-id.ts';
import type { FailureStreak, FailureStreakKey } from '../../../src/lib/campaigns/failures/streak.ts';
import type { LedgerBatch } from '../../../src/lib/campaigns/ledger.ts';
import { RecipientsFault } from '../../../src/lib/campaigns/plan/recipient.ts';
import type {
  BatchKey,
  CampaignQueue,
  CampaignStore,
  FailureStreakStore,
  LedgerStore,
  ObjectRef,
  ObjectStore,
  ObjectVersion,
  ObjectWriter,
  PlanQueue,
  RateLimitStore,
  RecipientJob,
  StoredRateLimit,
} from '../../../src/lib/campaigns/ports.ts';
import type { Clock } from '../../../src/lib/platform/ports.ts';
import type { PhoneNumber } from '../../../src/lib/whatsapp/phone.ts';
import { type Link, straight } from './link.ts';
import { NOW } from './samples.ts';
import { makeShelf } from './shelf.ts';

const inSeconds = (at: Date) => Math.ceil(at.getTime() / 1000);
const wholeSeconds = (at: Date) => new Date(inSeconds(at) * 1000);

export interface FakeCampaigns extends CampaignStore {
  over(link: Link): CampaignStore;
  all(): readonly Campaign[];
}

export function fakeCampaigns(clock: Clock): FakeCampaigns {
  const shelf = makeShelf<CampaignId, Campaign>(
    {
      idOf: (id) => id,
      keyOf: ({ campaignId }) => campaignId,
      expiresOf: ({ keepUntil }) => inSeconds(keepUntil),
      copy: (campaign) => ({ ...structuredClone(campaign), keepUntil: wholeSeconds(campaign.keepUntil) }),
    },
    clock,
  );
  const placeOf = ({ createdAt, campaignId }: Campaign) =>
    `${String(createdAt.getTime()).padStart(15, '0')}#${campaignId}`;
  const over = (link: Link): CampaignStore => ({
    ...shelf.view(link),
    due: (now, limit) =>
      link('due-campaigns', () =>
        shelf
          .all()
          .flatMap(({ campaignId, dueAt }) => (dueAt && dueAt <= now ? [{ campaignId, dueAt }] : []))
          .sort((a, b) => a.dueAt.getTime() - b.dueAt.getTime())
          .slice(0, limit)
          .map(({ campaignId }) => campaignId),
      ),
    list: (clientIds, { limit, after }) =>
      link('list-campaigns', () => {
        const found = shelf
          .all()
          .filter(({ idKey, clientId }) => idKey === undefined || clientIds.includes(clientId))
          .filter((c) => after === undefined || placeOf(c) < after)
          .sort((a, b) => (placeOf(a) < placeOf(b) ? 1 : -1))
          .slice(0, limit);
        return found.map((campaign) => ({ id: campaign.campaignId, place: placeOf(campaign) }));
      }),
  });
  return { ...over(straight), over, all: shelf.all };
}

/** As the table stores it. */
const withoutUndefined = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

export interface FakeLedger extends LedgerStore {
  over(link: Link): LedgerStore;
  all(): readonly LedgerBatch[];
}

export function fakeLedger(): FakeLedger {
  const batches = new Map<string, LedgerBatch>();
  const nameOf = ({ campaignId, n }: BatchKey) => `${campaignId}#${n}`;

  /** One conditional write. A repeat of it after a lost acknowledgement fails its own condition. */
  function changed(
    key: BatchKey,
    isAllowed: (batch: LedgerBatch) => boolean,
    change: (batch: LedgerBatch) => LedgerBatch,
  ): LedgerBatch | undefined {
    const found = batches.get(nameOf(key));
    if (!found || !isAllowed(found)) return undefined;
    const next = change(found);
    batches.set(nameOf(key), structuredClone(next));
    return structuredClone(next);
  }

  const over = (link: Link): LedgerStore => ({
    get: (key) => link('get-batch', () => structuredClone(batches.get(nameOf(key)))),
    open: (batch) =>
      link('open-batch', () => {
        const kept = batches.get(nameOf(batch)) ?? { ...batch, keepUntil: wholeSeconds(batch.keepUntil) };
        batches.set(nameOf(batch), structuredClone(kept));
        return structuredClone(kept);
      }),
    settle: (key, row, { sentAt, ...kept }) =>
      link('settle-row', () =>
        changed(
          key,
          ({ pending }) => pending.includes(row),
          (batch) => ({
            ...batch,
            pending: batch.pending.filter((other) => other !== row),
            counts: { ...batch.counts, [kept.outcome]: batch.counts[kept.outcome] + 1 },
            outcomes:
              kept.outcome === 'sent' && kept.reason === undefined && kept.messageId === undefined
                ? batch.outcomes
                : { ...batch.outcomes, [row]: withoutUndefined(kept) },
            ...(sentAt ? { lastSentAt: sentAt } : {}),
          }),
        ),
      ),
    claimRound: (seen, { enqueuedAt, lostAfter, rounds }) => {
      // The table recognizes its own write by the revision. This fake uses the object's identity.
      let mine: LedgerBatch | undefined;
      return link('claim-round', () => {
        const same = (batch: LedgerBatch) => batch.enqueuedAt.getTime() === seen.enqueuedAt.getTime();
        const done = changed(seen, same, (batch) => ({
          ...batch,
          enqueuedAt,
          lostAfter,
          rounds,
          isEnqueued: false,
        }));
        mine ??= done;
        return mine !== undefined;
      });
    },
    noteEnqueued: ({ enqueuedAt, ...key }) =>
      link('note-enqueued', () => {
        const same = (batch: LedgerBatch) => batch.enqueuedAt.getTime() === enqueuedAt.getTime();
        changed(key, same, (batch) => ({ ...batch, isEnqueued: true }));
      }),
    postpone: (key, lostAfter) =>
      link('postpone-batch', () => {
        const earlier = (batch: LedgerBatch) => batch.lostAfter < lostAfter;
        changed(key, earlier, (batch) => ({ ...batch, lostAfter }));
      }),
  });
  return { ...over(straight), over, all: () => [...batches.values()].map((batch) => structuredClone(batch)) };
}

const PACE_KEPT_MS = 7 * 86_400_000;

export interface FakeRateLimits extends RateLimitStore {
  over(link: Link): RateLimitStore;
}

export function fakeRateLimits(clock: Clock): FakeRateLimits {
  const shelf = makeShelf<PhoneNumber, StoredRateLimit>(
    {
      idOf: (business) => business,
      keyOf: ({ business }) => business,
      expiresOf: ({ slowedAt }) => inSeconds(new Date(slowedAt.getTime() + PACE_KEPT_MS)),
      copy: (pace) => structuredClone(pace),
    },
    clock,
  );
  return { ...shelf.view(straight), over: (link) => shelf.view(link) };
}

export interface FakeFailureStreaks extends FailureStreakStore {
  over(link: Link): FailureStreakStore;
}

export function fakeFailureStreaks(clock: Clock): FakeFailureStreaks {
  const shelf = makeShelf<FailureStreakKey, FailureStreak>(
    {
      idOf: (key) => key,
      keyOf: ({ key }) => key,
      expiresOf: ({ keepUntil }) => inSeconds(keepUntil),
      copy: (streak) => ({ ...structuredClone(streak), keepUntil: wholeSeconds(streak.keepUntil) }),
    },
    clock,
  );
  return { ...shelf.view(straight), over: (link) => shelf.view(link) };
}

export interface FakeObjects extends ObjectStore {
  over(link: Link): ObjectStore;
  /** Puts an object, or deletes it, as another process would, by default at `NOW`. */
  place(key: string, content: string | Uint8Array | undefined, at?: Date): void;
  contentOf(key: string): string | undefined;
}

export function fakeObjects(bucket = 'recipients'): FakeObjects {
  const objects = new Map<string, ObjectVersion & { readonly bytes: Buffer }>();
  let versions = 0;
  const put = (key: string, content: string | Uint8Array, kept: Partial<ObjectVersion> = {}) => {
    versions += 1;
    const revision = `"${versions}"`;
    const bytes = Buffer.from(content);
    const { etag = revision, modifiedAt = NOW } = kept;
    objects.set(key, { bytes, etag, modifiedAt, revision });
    return { etag: revision, bytes: bytes.length };
  };
  const writerOf = (
    link: Link,
    close: (content: Buffer) => { etag: string; bytes: number },
  ): ObjectWriter => {
    const parts: Buffer[] = [];
    return {
      write: (more) => link('write', () => void parts.push(Buffer.from(more))),
      close: () => link('close', () => close(Buffer.concat(parts))),
      abort: () => link('abort', () => undefined),
    };
  };
  const find = (ref: ObjectRef & { readonly etag?: string | undefined }) => {
    const found = ref.bucket === bucket ? objects.get(ref.key) : undefined;
    if (!found) throw new RecipientsFault('the file does not exist');
    if (ref.etag !== undefined && ref.etag !== found.etag) {
      throw new RecipientsFault('the file changed after it was planned');
    }
    return found;
  };
  const over = (link: Link): ObjectStore => ({
    bucket,
    head: (ref) =>
      link('head', () => {
        const { bytes, ...version } = find(ref);
        return { ...version, bytes: bytes.length };
      }),
    open: (ref) =>
      link('open', () => {
        const { bytes, ...version } = find(ref);
        return { ...version, body: streamOf(bytes) };
      }),
    readRange: (ref, { offset, length }) =>
      link('read-range', () => Buffer.from(find(ref).bytes.subarray(offset, offset + length))),
    put: (key, content) => link('put', () => void put(key, content)),
    remove: (key) => link('remove', () => void objects.delete(key)),
    writer: (key) => writerOf(link, (content) => put(key, content)),
    rewriter: (key, version) =>
      writerOf(link, (content) => {
        if (objects.get(key)?.revision !== version.revision)
          throw new RecipientsFault('the file changed after it was planned');
        return put(key, content, version);
      }),
    keys: (after = '') =>
      link('keys', () =>
        [...objects.keys()]
          .filter((key) => key > after)
          .toSorted()
          .slice(0, 1_000),
      ),
    uploadUrl: (key) => link('upload-url', () => `https://${bucket}.example/${key}`),
  });
  return {
    ...over(straight),
    over,
    place: (key, content, modifiedAt = NOW) =>
      void (content === undefined ? objects.delete(key) : put(key, content, { modifiedAt })),
    contentOf: (key) => objects.get(key)?.bytes.toString('utf8'),
  };
}

async function* streamOf(bytes: Buffer): AsyncIterable<Uint8Array> {
  await Promise.resolve();
  yield Buffer.from(bytes);
}

export interface FakeCampaignQueue extends CampaignQueue {
  over(link: Link): CampaignQueue;
  /** Takes out everything that is visible now. */
  take(): RecipientJob[];
  readonly waiting: readonly {
    readonly job: RecipientJob;
    /** The record's group. */
    readonly clientId: string;
    readonly visibleAt: Date;
  }[];
}

const MAX_DELAY_MS = 900_000;

export function fakeCampaignQueue(clock: Clock): FakeCampaignQueue {
  const waiting: { job: RecipientJob; clientId: string; visibleAt: Date }[] = [];
  const over = (link: Link): CampaignQueue => ({
    enqueue: (jobs, clientId) =>
      link('enqueue-turns', () => {
        const now = clock.now().getTime();
        for (const job of jobs) {
          const delay = Math.min(MAX_DELAY_MS, Math.max(0, job.scheduledAt.getTime() - now));
          const visibleAt = new Date(now + Math.floor(delay / 1000) * 1000);
          waiting.push({ job: structuredClone(job), clientId, visibleAt });
        }
      }),
  });
  return {
    ...over(straight),
    over,
    waiting,
    take() {
      const now = clock.now();
      const visible = waiting.filter(({ visibleAt }) => visibleAt <= now);
      for (const one of visible) waiting.splice(waiting.indexOf(one), 1);
      return visible.map(({ job }) => job);
    },
  };
}

type PlanJob = Omit<Parameters<PlanQueue['enqueue']>[0], 'clientId'>;

interface FakePlanQueue extends PlanQueue {
  over(link: Link): PlanQueue;
  take(): PlanJob[];
  readonly waiting: readonly PlanJob[];
}

export function fakePlanQueue(): FakePlanQueue {
  const waiting: PlanJob[] = [];
  const over = (link: Link): PlanQueue => ({
    enqueue: ({ clientId: _, ...job }) => link('enqueue-plan', () => void waiting.push(job)),
  });
  return { ...over(straight), over, waiting, take: () => waiting.splice(0) };
}
