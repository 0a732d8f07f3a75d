import { type Campaign, hasMore, isPastItsTime } from '../campaign.ts';
import type { Change, Facts } from './events.ts';

export function startsLater(campaign: Campaign, { now }: Facts<'started'>): boolean {
  const { startAt } = campaign;
  return hasRecipients(campaign) && startAt !== undefined && startAt > now;
}

export function awaitStart({ startAt, expiresAt }: Campaign): Change {
  return { dueAt: earliest(startAt, expiresAt) };
}

/** A dry run has no parts. */
export function hasRecipients({ plan }: Campaign): boolean {
  return plan?.parts !== undefined && plan.counts.total > 0;
}

export function run(_: Campaign, { now }: { readonly now: Date }): Change {
  return { startedAt: now, nextScheduledAt: now, dueAt: now };
}

export function isScheduleOver(_: Campaign, { nextRunAt }: Facts<'runScheduled'>): boolean {
  return nextRunAt === undefined;
}

export function endSchedule(campaign: Campaign): Change {
  return { ...end(campaign), reason: 'the schedule has no further run' };
}

/** A campaign with a schedule sends nothing itself. It waits, and each run is a separate campaign. */
export function awaitRun(campaign: Campaign, { nextRunAt }: Facts<'runScheduled'>): Change {
  return { nextRunAt, dueAt: earliest(nextRunAt, campaign.expiresAt) };
}

export function hasStartCome({ startAt }: Campaign, { now }: Facts<'startDue'>): boolean {
  return startAt !== undefined && startAt <= now;
}

/** Takes no more recipients. The worker drops queued ones, which stay pending. */
export function pause({ expiresAt }: Campaign, { reason }: Facts<'paused'>): Change {
  return { reason, dueAt: expiresAt };
}

/** The pending recipients of its open batches are scheduled anew. */
export function resume(_: Campaign, { now }: Facts<'resumed'>): Change {
  return { resumedAt: now, nextScheduledAt: now, dueAt: now };
}

/** Every recipient is taken, settled and counted. */
export function isAllSettled(campaign: Campaign): boolean {
  return !hasMore(campaign) && campaign.aggregated === campaign.cursor.batch;
}

/** Recipients that were not reached stay so. */
export function end(_: Campaign): Change {
  return { planning: undefined, dueAt: undefined };
}

export function isTimeOver(campaign: Campaign, { now }: Facts<'timeChecked'>): boolean {
  return isPastItsTime(campaign, now);
}

export function expire(campaign: Campaign): Change {
  return { ...end(campaign), reason: 'expiresAt passed before all recipients were reached' };
}

function earliest(...dates: (Date | undefined)[]): Date | undefined {
  return dates.reduce((a, b) => (a && b ? (a < b ? a : b) : (a ?? b)), undefined);
}
