/** The unmatched statuses of the version before: the sweeper looked each up in the table, some a minute, the longest due first. */

const MINUTE = 60;
const FIRST_PAUSE_S = 20;
const GIVE_UP_S = 20 * MINUTE;

interface Unmatched {
  readonly keptAt: number;
  dueAt: number;
}

export interface SweeperLoad {
  /** Statuses a second that match nothing. */
  readonly perSecond: number;
  /** Lookups of a tick. */
  readonly perTick: number;
  readonly minutes: number;
}

/** What is overdue at the end, and the longest by how much, in seconds. */
export function sweeperBacklog({ perSecond, perTick, minutes }: SweeperLoad): {
  overdue: number;
  longest: number;
} {
  let waiting: Unmatched[] = [];
  for (let minute = 1; minute <= minutes; minute += 1) {
    const now = minute * MINUTE;
    for (let n = 0; n < perSecond * MINUTE; n += 1) {
      const keptAt = now - MINUTE + n / perSecond;
      waiting.push({ keptAt, dueAt: keptAt + FIRST_PAUSE_S });
    }
    const due = waiting.filter(({ dueAt }) => dueAt <= now).toSorted((a, b) => a.dueAt - b.dueAt);
    for (const one of due.slice(0, perTick)) {
      const age = now - one.keptAt;
      one.dueAt = age > GIVE_UP_S ? Number.POSITIVE_INFINITY : now + FIRST_PAUSE_S + age;
    }
    waiting = waiting.filter(({ dueAt }) => dueAt !== Number.POSITIVE_INFINITY);
  }
  const end = minutes * MINUTE;
  const overdue = waiting.filter(({ dueAt }) => dueAt <= end);
  return { overdue: overdue.length, longest: Math.max(0, ...overdue.map(({ dueAt }) => end - dueAt)) };
}
