import { type Campaign, hasEnded } from './campaign.ts';
import { type BatchCounts, type LedgerBatch, type OUTCOMES, settledIn, sumOf } from './ledger.ts';
import { ownIdOf, ownParentOf } from './ownership/owned.ts';
import type { Plan } from './plan/figures.ts';

/** A campaign as the API shows it. Instants are ISO 8601, or null. */
export interface CampaignView {
  readonly campaignId: string;
  readonly name: string;
  readonly state: Campaign['state'];
  readonly reason: string | null;
  readonly from: string;
  readonly flowId: string;
  readonly whenClosed: string;
  readonly perMinute: number;
  readonly recipients: { readonly given: string; readonly format: string } | null;
  readonly startAt: string | null;
  readonly schedule: { readonly expression: string; readonly timeZone: string } | null;
  readonly nextRunAt: string | null;
  readonly expiresAt: string | null;
  readonly parent: string | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly changedAt: string;
  readonly planning: { readonly dryRun: boolean; readonly since: string; readonly rows: number } | null;
  readonly plan: PlanView | null;
  readonly progress: ProgressView | null;
}

interface PlanView extends Pick<Plan, 'planId' | 'counts' | 'rejected' | 'possibleDuplicates' | 'price'> {
  readonly plannedAt: string;
  readonly dryRun: boolean;
  /** Of the rejected rows, so many can be listed. */
  readonly rejectedListed: number;
  /** At the campaign's own rate, ignoring windows and throttling. */
  readonly estimatedMinutes: number;
}

/** At every moment, `total` = all outcomes + `pending` + `notReached`. */
export interface ProgressView extends BatchCounts {
  readonly total: number;
  readonly pending: number;
  /** Recipients that an ended campaign never tried. */
  readonly notReached: number;
  readonly percent: number;
  /** Messages a minute now: its share of the number's rate. */
  readonly ratePerMinute: number | null;
  /** When it finishes at this rate. */
  readonly eta: string | null;
  /** How often each reason occurred, most frequent first. */
  readonly reasons: readonly { readonly reason: string; readonly count: number }[];
}

const iso = (at: Date | undefined) => at?.toISOString() ?? null;

export function campaignView(campaign: Campaign, open: readonly LedgerBatch[], now: Date): CampaignView {
  const { message, source, schedule, planning } = campaign;
  return {
    campaignId: ownIdOf(campaign),
    name: campaign.name,
    state: campaign.state,
    reason: campaign.reason ?? null,
    from: message.from,
    flowId: message.flowId,
    whenClosed: message.whenClosed,
    perMinute: campaign.perMinute,
    recipients: source ? { given: source.given, format: source.format } : null,
    startAt: iso(campaign.startAt),
    schedule: schedule ? { expression: schedule.expression, timeZone: schedule.timeZone ?? 'UTC' } : null,
    nextRunAt: hasEnded(campaign) ? null : iso(campaign.nextRunAt),
    expiresAt: iso(campaign.expiresAt),
    parent: ownParentOf(campaign) ?? null,
    createdAt: campaign.createdAt.toISOString(),
    startedAt: iso(campaign.startedAt),
    changedAt: campaign.changedAt.toISOString(),
    planning: planning
      ? { dryRun: planning.dryRun, since: planning.since.toISOString(), rows: planning.rows }
      : null,
    plan: planView(campaign),
    progress: campaign.startedAt ? progressOf(campaign, open, now) : null,
  };
}

function planView({ plan, perMinute }: Campaign): PlanView | null {
  if (!plan) return null;
  const { planId, counts, rejected, possibleDuplicates, price, plannedAt, parts } = plan;
  return {
    planId,
    plannedAt: plannedAt.toISOString(),
    dryRun: parts === undefined,
    counts,
    estimatedMinutes: Math.ceil(counts.total / perMinute),
    price,
    rejected,
    rejectedListed: plan.rejectedKept ?? counts.invalid + counts.duplicate,
    possibleDuplicates,
  };
}

/** Sums the totals and the open batches. Exact if both were read at the same moment. */
export function progressOf(campaign: Campaign, open: readonly LedgerBatch[], now: Date): ProgressView {
  const counts = open.map((batch) => batch.counts).reduce(sumOf, campaign.totals);
  const total = campaign.plan?.counts.total ?? 0;
  const settled = settledIn(counts);
  const left = total - settled;
  const isOver = hasEnded(campaign);
  const rate = campaign.state === 'running' ? (campaign.share ?? campaign.perMinute) : null;
  return {
    total,
    ...counts,
    pending: isOver ? 0 : left,
    notReached: isOver ? left : 0,
    percent: total === 0 ? 100 : Math.floor((settled / total) * 1000) / 10,
    ratePerMinute: rate,
    eta: rate && left > 0 ? new Date(now.getTime() + (left / rate) * 60_000).toISOString() : null,
    reasons: reasonsOf(campaign, open),
  };
}

function reasonsOf(campaign: Campaign, open: readonly LedgerBatch[]): ProgressView['reasons'] {
  const reasons = new Map(Object.entries(campaign.reasons));
  for (const { reason } of open.flatMap(({ outcomes }) => Object.values(outcomes))) {
    if (reason !== undefined) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return [...reasons].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count);
}

/** The current state of one recipient. */
export interface RecipientView {
  /** The line in the caller's file. */
  readonly line: number;
  readonly to: string;
  readonly messageId: string;
  readonly status: (typeof OUTCOMES)[number] | 'pending' | 'not-reached';
  readonly reason: string | null;
}

/** A recipient's status in its batch. Without an open batch it has not been tried. */
export function statusIn(
  batch: Pick<LedgerBatch, 'pending' | 'outcomes'> | undefined,
  row: number,
  isOver: boolean,
): Pick<RecipientView, 'status' | 'reason'> & Partial<Pick<RecipientView, 'messageId'>> {
  if (!batch || batch.pending.includes(row))
    return { status: isOver ? 'not-reached' : 'pending', reason: null };
  const { outcome = 'sent', reason = null, messageId } = batch.outcomes[String(row)] ?? {};
  return { status: outcome, reason, ...(messageId === undefined ? {} : { messageId }) };
}
