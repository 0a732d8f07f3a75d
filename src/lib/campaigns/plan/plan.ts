import { mapEnded } from '../../platform/all-ended.ts';
import type { Clock, Telemetry } from '../../platform/ports.ts';
import { updateWithRetry } from '../../platform/update-with-retry.ts';
import type { PhoneNumber } from '../../whatsapp/phone.ts';
import { type Campaign, isPlanning, LONGEST_DAYS } from '../campaign.ts';
import type { CampaignId } from '../campaign-id.ts';
import { transition } from '../lifecycle.ts';
import type { CampaignStore, ObjectStore } from '../ports.ts';
import { type EstimateDeps, makeEstimate } from './estimate.ts';
import type { Plan } from './figures.ts';
import { openPlanFiles, type PlanFiles } from './files.ts';
import { flowFault } from './flow-fault.ts';
import { readRows } from './read-rows.ts';
import { RecipientsFault } from './recipient.ts';
import { assertColumns, columnsOf, makeColumnWatch, makeRowJudge } from './row.ts';
import { makeTally } from './tally.ts';

/*
 * Plans a campaign in one pass over its recipients, in constant memory apart from the numbers seen:
 *
 * 1. Read the file row by row. A bad row is reported with its line and reason; the rest continues.
 * 2. Judge each row: its number, a number seen before, and its flow by the rules of `POST /v1/flows`.
 * 3. Write the accepted recipients to the plan object, one per line. The campaign sends from this object,
 *    whatever happens to the file.
 * 4. Look up windows and opt-outs, a hundred recipients at a time, to estimate what each will get. Windows
 *    and opt-outs are checked again when each message is sent.
 */

export interface PlanCampaignDeps extends EstimateDeps {
  readonly campaigns: CampaignStore;
  readonly objects: ObjectStore;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

export type Planner = ReturnType<typeof makePlanner>;

const LOOKED_UP_AT_ONCE = 100;
const LOOK_UPS = 8;
const PROGRESS_MS = 5_000;

export function makePlanner(deps: PlanCampaignDeps) {
  const { campaigns, objects, clock, telemetry } = deps;

  /**
   * Plans the campaign if it is still being planned under this `planId`. A repeat, or an abandoned plan, does
   * nothing.
   */
  async function plan(campaignId: CampaignId, planId: string): Promise<Campaign | undefined> {
    const stored = await campaigns.get(campaignId);
    if (!stored || !isPlanning(stored.value, planId)) return stored?.value;
    const outcome = await planOf(stored.value, planId).catch((fault) => {
      if (!(fault instanceof RecipientsFault)) throw fault;
      return fault;
    });
    const now = clock.now();
    const after = await updateWithRetry(campaigns, await campaigns.get(campaignId), (c) =>
      outcome instanceof RecipientsFault
        ? transition(c, 'planFailed', { planId, reason: outcome.message, now })
        : planned(c, outcome, now),
    );
    telemetry.info('campaign.planned', { campaignId, state: after?.value.state });
    return after?.value;
  }

  async function planOf(campaign: Campaign, planId: string): Promise<Plan> {
    const { campaignId, source, planning } = campaign;
    if (!source) throw new RecipientsFault('there are no recipients: upload them first');
    const { etag, body } = await objects.open(source);
    const files = openPlanFiles(objects, { campaignId, planId, dryRun: planning?.dryRun ?? false });
    try {
      const found = await readAll(campaign, readRows(body, source), files);
      assertInTime(campaign, found.counts.total);
      return { ...found, ...(await files.close()), planId, sourceEtag: etag, plannedAt: clock.now() };
    } catch (fault) {
      await files.abort();
      throw fault;
    }
  }

  async function readAll(
    campaign: Campaign,
    rows: ReturnType<typeof readRows>,
    files: PlanFiles,
  ): Promise<Pick<Plan, 'counts' | 'rejected' | 'possibleDuplicates' | 'price'>> {
    const wanted = columnsOf(campaign.message);
    const tally = makeTally();
    const columns = makeColumnWatch(wanted);
    const judge = makeRowJudge(wanted, (recipient) => flowFault(campaign, recipient));
    const estimate = makeEstimate(deps, campaign.message);

    async function* accepted(): AsyncIterable<PhoneNumber> {
      for await (const row of rows) {
        if (row.kind === 'header') {
          // JSON Lines have no header; `judge` checks the columns of each row.
          if (campaign.source?.format === 'csv') assertColumns(row.columns, wanted);
          continue;
        }
        if (row.kind === 'row') columns.note(row);
        const judged = row.kind === 'bad' ? { ...row, kind: 'invalid' as const } : judge(row);
        tally.note(judged);
        if (judged.kind === 'accepted') {
          await files.accept(judged.recipient);
          yield judged.recipient.to;
        } else await files.reject(judged);
        await tellProgress(tally.rows());
      }
      columns.assertAll();
    }

    const tellProgress = progressOf(campaign);
    // Limits memory: reading pauses while eight parts are being looked up.
    await mapEnded(inParts(accepted()), estimate.add, { concurrency: LOOK_UPS });
    const { price, ...windows } = estimate.result();
    const { counts, ...figures } = tally.result();
    return { counts: { ...counts, ...windows }, ...figures, price };
  }

  /**
   * Writes progress every few seconds, so that the tick doesn't take the planner for dead. Throws if the plan
   * was abandoned meanwhile.
   */
  function progressOf({ campaignId, planning }: Campaign): (rows: number) => Promise<void> {
    let toldAt = clock.now().getTime();
    return async (rows) => {
      const now = clock.now();
      if (!planning || now.getTime() - toldAt < PROGRESS_MS) return;
      toldAt = now.getTime();
      const stored = await campaigns.get(campaignId);
      const told = await updateWithRetry(campaigns, stored, (c) =>
        transition(c, 'planningProgressed', { planId: planning.planId, rows, now }),
      );
      if (!told || !isPlanning(told.value, planning.planId))
        throw new RecipientsFault('planning was abandoned');
      telemetry.info('campaign.planning', { campaignId, rows });
    };
  }

  return { plan };
}

/** Stores the plan, and starts the campaign in the same write if it starts automatically. */
function planned(campaign: Campaign, plan: Plan, now: Date): Campaign {
  const next = transition(campaign, 'planReady', { plan, now });
  return next !== campaign && next.autoStart ? transition(next, 'started', { now }) : next;
}

/** The bucket deletes a plan after 30 days (infra/bucket.yml), so a longer campaign might lose it before its end. */
function assertInTime({ perMinute }: Campaign, total: number): void {
  const days = Math.ceil(total / perMinute / 1_440);
  if (days <= LONGEST_DAYS) return;
  const why = `${total} recipients at ${perMinute} per minute would take ${days} days; the limit is ${LONGEST_DAYS}`;
  throw new RecipientsFault(`${why}: raise perMinute, or split the recipients into several campaigns`);
}

async function* inParts(numbers: AsyncIterable<PhoneNumber>): AsyncIterable<PhoneNumber[]> {
  let part: PhoneNumber[] = [];
  for await (const number of numbers) {
    part.push(number);
    if (part.length < LOOKED_UP_AT_ONCE) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}
