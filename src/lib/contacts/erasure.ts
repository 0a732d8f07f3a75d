import type { RawPlace } from '../callbacks/ports.ts';
import type { Pair } from '../whatsapp/phone.ts';

/** The person to erase: what the caller named, and all that the person was known by then, the number first. */
export interface Erased {
  readonly named: Pair;
  readonly pairs: readonly [Pair, ...Pair[]];
  /** The caller may not use all business numbers: raw callbacks of others are not the caller's to remove. */
  readonly isOfLimited?: true | undefined;
}

/** The steps of an erasure, in their order; `after`: what is done. */
type ErasurePlace =
  | { readonly step: 'messages' }
  | { readonly step: 'callbacks'; readonly after?: RawPlace | undefined }
  | { readonly step: 'names' }
  | { readonly step: 'files'; readonly after?: string | undefined; readonly isLast?: boolean | undefined }
  /** A planner that began before the erasure may still write the person down. */
  | { readonly step: 'planners' };

interface ErasureCounts {
  readonly messages: number;
  readonly callbacks: number;
  readonly files: number;
}

/** An erasure under way, or done. It holds the person only in encrypted form, and only while it runs. */
export interface Erasure {
  readonly erasureId: string;
  readonly state: 'running' | 'done';
  /** The person, encrypted; only as long as it runs. */
  readonly sealed?: string | undefined;
  readonly correlationId: string;
  /** The API client that asked for it. */
  readonly clientId: string;
  readonly place: ErasurePlace;
  readonly counts: ErasureCounts;
  readonly optOutKept: boolean;
  readonly requestedAt: Date;
  readonly changedAt: Date;
  readonly finishedAt?: Date | undefined;
}

const DAY_MS = 86_400_000;
const DONE_MS = 30 * DAY_MS;
/** The tick enqueues an erasure again that nothing has gone on with for this long: longer than its longest invocation. */
const LOST_MS = 16 * 60_000;
/** Writes of the request itself, and of what ran beside it. What comes later is new, and stays. */
const REQUEST_MS = 30_000;
/** Longer than a planner's invocation: by then each has read the tombstones anew. */
const PLANNER_MS = 16 * 60_000;
/** How far clocks and an index may be apart. */
const SKEW_MS = 10_000;

const later = (at: Date, ms: number) => new Date(at.getTime() + ms);

export function newErasure(
  erasureId: string,
  {
    sealed,
    correlationId,
    clientId,
    now,
  }: Pick<Erasure, 'correlationId' | 'clientId'> & { readonly sealed: string; readonly now: Date },
): Erasure {
  const counts = { messages: 0, callbacks: 0, files: 0 };
  const begun = { erasureId, state: 'running', sealed, correlationId, clientId, counts } as const;
  return { ...begun, place: { step: 'messages' }, optOutKept: false, requestedAt: now, changedAt: now };
}

export function finished({ sealed: _, ...erasure }: Erasure, now: Date): Erasure {
  return { ...erasure, state: 'done', changedAt: now, finishedAt: now };
}

/** Until when it is kept; undefined as long as it runs. */
export function endOfErasure({ finishedAt }: Erasure): Date | undefined {
  return finishedAt && later(finishedAt, DONE_MS);
}

export function lostAt({ changedAt }: Erasure): Date {
  return later(changedAt, LOST_MS);
}

/** What was written until then is erased. */
export function endOfRequest({ requestedAt }: Erasure): Date {
  return later(requestedAt, REQUEST_MS);
}

/** May a planner that read the tombstones before this erasure still be at work? `since`: when its plan was begun. */
export function mayPlanPerson({ requestedAt }: Erasure, since: Date, now: Date): boolean {
  return since <= later(requestedAt, SKEW_MS) && now < later(requestedAt, PLANNER_MS);
}

/** The erasure as the API shows it. */
export function erasureView({ erasureId, state, counts, requestedAt, finishedAt }: Erasure) {
  return {
    erasureId,
    status: state,
    requestedAt: requestedAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
    erased: counts,
  };
}
