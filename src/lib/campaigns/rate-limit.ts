/*
 * The pace of campaigns. The running campaigns of a business number share its rate (WhatsApp limits a number
 * to 80 messages a second by default), and each share becomes the times at which recipients are due.
 */

const MINUTE_MS = 60_000;

interface Wish {
  readonly id: string;
  readonly perMinute: number;
}

/**
 * Divides a number's rate among its campaigns, max-min fair: a campaign that wants less than an equal part
 * gets what it wants, and the others divide the rest. Rates may be fractions and must be above 0.
 */
export function sharesOf(campaigns: readonly Wish[], ceilingPerMinute: number): ReadonlyMap<string, number> {
  const modestFirst = campaigns.toSorted((a, b) => a.perMinute - b.perMinute);
  const shares = new Map<string, number>();
  let left = ceilingPerMinute;
  for (const [done, { id, perMinute }] of modestFirst.entries()) {
    const share = Math.min(perMinute, left / (modestFirst.length - done));
    shares.set(id, share);
    left -= share;
  }
  return shares;
}

/**
 * The same for campaigns of several clients: the rate is divided among the clients, and each one's share among its
 * campaigns. A client with many campaigns gets no more than one with a single one.
 */
export function sharesByClient(
  campaigns: readonly (Wish & { readonly clientId: string })[],
  ceilingPerMinute: number,
): ReadonlyMap<string, number> {
  const byClient = Map.groupBy(campaigns, ({ clientId }) => clientId);
  const wishes = [...byClient].map(([id, own]) => ({
    id,
    perMinute: own.reduce((sum, { perMinute }) => sum + perMinute, 0),
  }));
  const shares = sharesOf(wishes, ceilingPerMinute);
  return new Map([...byClient].flatMap(([id, own]) => [...sharesOf(own, shares.get(id) ?? 0)]));
}

interface Run {
  /** The campaign's next free send time: `next` of the last run. */
  readonly nextScheduledAt: Date;
  readonly now: Date;
  readonly count: number;
  readonly perMinute: number;
}

/**
 * The next `count` send times, 60,000 / perMinute ms apart, and the one after them. None is before `now`:
 * unused times are lost, since catching up would be a burst. At most 60,000 a minute.
 *
 * A Date has whole milliseconds, so continuing from a rounded `next` would drift. Instead all send times of
 * one rate lie on one grid, counted from the epoch. Its pitch is an integer fraction of the interval, the
 * smallest of at least a millisecond. No two points share a millisecond, so `next` identifies its point,
 * fraction included.
 */
export function scheduleFor({ nextScheduledAt, now, count, perMinute }: Run): { at: Date[]; next: Date } {
  const interval = MINUTE_MS / perMinute;
  const points = Math.max(1, Math.floor(interval));
  const grid = gridOf(interval / points);
  const first = grid.pointFrom(Math.max(nextScheduledAt.getTime(), now.getTime()));
  const timeAt = (n: number) => new Date(grid.timeOf(first + n * points));
  return { at: Array.from({ length: count }, (_, n) => timeAt(n)), next: timeAt(count) };
}

function gridOf(pitch: number) {
  const timeOf = (point: number) => Math.floor(point * pitch);
  /** The first point at or after that millisecond. The division may be off by one, so the loops correct it. */
  const pointFrom = (ms: number) => {
    let point = Math.ceil(ms / pitch);
    while (timeOf(point - 1) >= ms) point -= 1;
    while (timeOf(point) < ms) point += 1;
    return point;
  };
  return { timeOf, pointFrom };
}

/** A throttled number: the rate it was slowed to, and when. */
export interface RateLimit {
  readonly perMinute: number;
  readonly slowedAt: Date;
}

const LEAST_PER_MINUTE = 10;
/**
 * Many sends are in flight when a number is throttled, and each reports it. Together they are one reason to
 * slow down.
 */
const SLOWING_MS = 60_000;
const RECOVERY_MS = 5 * 60_000;

/** The number's rate after it was throttled: half of the current one. Applied at most once a minute. */
export function slowed(pace: RateLimit | undefined, full: number, now: Date): RateLimit {
  if (pace && now.getTime() - pace.slowedAt.getTime() < SLOWING_MS) return pace;
  const half = Math.max(LEAST_PER_MINUTE, currentPace(pace, full, now) / 2);
  return { perMinute: Math.min(full, half), slowedAt: now };
}

/** What a number may send a minute now: doubles every five minutes after it was slowed, up to `full`. */
export function currentPace(pace: RateLimit | undefined, full: number, now: Date): number {
  if (!pace) return full;
  const periods = Math.floor((now.getTime() - pace.slowedAt.getTime()) / RECOVERY_MS);
  return Math.min(full, pace.perMinute * 2 ** Math.max(0, periods));
}
