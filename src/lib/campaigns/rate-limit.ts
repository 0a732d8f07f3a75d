/*
 * How fast campaigns go. A number has a pace (whatsapp-rules, "Limits"), its running campaigns share it, and
 * each campaign's share becomes send times: the instants at which its recipients are due.
 */

const MINUTE_MS = 60_000;

interface Wish {
  readonly id: string;
  readonly perMinute: number;
}

/**
 * Divides the pace of a number among its campaigns, max-min fair: who wants less than an equal part gets what
 * it wants, and the others divide what is left. Paces may be fractions. Both paces have to be above 0.
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

interface Run {
  /** The campaign's next free send time: `next` of the last run. */
  readonly nextScheduledAt: Date;
  readonly now: Date;
  readonly count: number;
  readonly perMinute: number;
}

/**
 * The next `count` send times, 60 000 / perMinute ms apart, and the one after them. None is before `now`: unused
 * times are gone, since making up for them would be a burst. At most 60 000 a minute.
 *
 * A Date has whole milliseconds, so a run that went on from a rounded `next` would drift. Instead all send times of
 * one pace lie on one grid, counted from the epoch, whose pitch is the part of the interval that is just above
 * a millisecond. No two points of it share a millisecond, so `next` tells which point it was, fraction and all.
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
  /** The first point at that millisecond or after it; the division may be off by one, the points decide. */
  const pointFrom = (ms: number) => {
    let point = Math.ceil(ms / pitch);
    while (timeOf(point - 1) >= ms) point -= 1;
    while (timeOf(point) < ms) point += 1;
    return point;
  };
  return { timeOf, pointFrom };
}

/** A number that was throttled: the pace that it was slowed to, and when. */
export interface RateLimit {
  readonly perMinute: number;
  readonly slowedAt: Date;
}

const LEAST_PER_MINUTE = 10;
/** Many sends are under way when a number is throttled, and all of them report it: that is one reason to slow down. */
const SLOWING_MS = 60_000;
const RECOVERY_MS = 5 * 60_000;

/** The number's pace after it was throttled: half of the current one, at most once a minute. */
export function slowed(pace: RateLimit | undefined, full: number, now: Date): RateLimit {
  if (pace && now.getTime() - pace.slowedAt.getTime() < SLOWING_MS) return pace;
  const half = Math.max(LEAST_PER_MINUTE, currentPace(pace, full, now) / 2);
  return { perMinute: Math.min(full, half), slowedAt: now };
}

/** What a number may send a minute now: twice as much for every five minutes since it was slowed, up to `full`. */
export function currentPace(pace: RateLimit | undefined, full: number, now: Date): number {
  if (!pace) return full;
  const periods = Math.floor((now.getTime() - pace.slowedAt.getTime()) / RECOVERY_MS);
  return Math.min(full, pace.perMinute * 2 ** Math.max(0, periods));
}
