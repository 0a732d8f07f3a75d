import type { Clock, Random, Telemetry } from '../../platform/ports.ts';
import { updateWithRetry } from '../../platform/update-with-retry.ts';
import type { TombstoneStore } from '../../sessions/ports.ts';
import { type Campaign, isPlanning, LONGEST_DAYS, type RecipientSource } from '../campaign.ts';
import type { CampaignId } from '../campaign-id.ts';
import { transition } from '../lifecycle.ts';
import type { CampaignStore, ObjectStore, PlanQueue } from '../ports.ts';
import { assertSize } from './bytes.ts';
import {
  type Checkpoint,
  loadCheckpoint,
  makeMeter,
  makeRecorder,
  type PlanBudget,
  Superseded,
  saveCheckpoint,
} from './checkpoint.ts';
import type { EstimateDeps } from './estimate.ts';
import type { Plan } from './figures.ts';
import { openPartFiles, type WrittenPart } from './files.ts';
import { makePartReader, type PartReader, type ReadOptions } from './read-part.ts';
import { readRows } from './read-rows.ts';
import { FILE_LIMITS, type FileLimits, RecipientsFault, type ResumePoint } from './recipient.ts';
import { MOST_RECIPIENTS } from './row.ts';
import { makeSeenNumbers } from './seen-numbers.ts';

/*
 * Plans a campaign in one pass over its recipients, in constant memory:
 *
 * 1. Read the file row by row. A bad row is reported with its line and reason; the rest continues.
 * 2. Judge each row: its number, a person who was erased since the file was put, a number seen before, and its flow by the rules of `POST /v1/flows`.
 * 3. Write the accepted recipients to the plan's parts, one per line. The campaign sends from these objects,
 *    whatever happens to the file.
 * 4. Look up windows and opt-outs, a hundred recipients at a time, to estimate what each will get. Windows
 *    and opt-outs are checked again when each message is sent.
 * 5. End the part after PART_ROWS rows, or when this turn is over: store a checkpoint, and record it by one conditional
 *    write of the campaign's item. Then go on, or enqueue the plan for the next invocation.
 *
 * A planner begins at the recorded checkpoint, so one that dies loses a part at most. Of two planners, the first to
 * record a part goes on, and the other stops.
 */

export interface PlanCampaignDeps extends EstimateDeps {
  readonly campaigns: CampaignStore;
  readonly objects: ObjectStore;
  readonly tombstones: Pick<TombstoneStore, 'erasedSince'>;
  readonly planQueue: PlanQueue;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  /** By default PART_ROWS. */
  readonly partRows?: number | undefined;
  /** By default FILE_LIMITS. */
  readonly limits?: FileLimits | undefined;
}

export type Planner = ReturnType<typeof makePlanner>;

const PART_ROWS = 250_000;
type Written = Pick<Checkpoint, 'parts' | 'rejectedKeys' | 'numberKeys'>;

export function makePlanner(deps: PlanCampaignDeps) {
  const { campaigns, objects, tombstones, planQueue, clock, random, telemetry } = deps;
  const { partRows = PART_ROWS, limits = FILE_LIMITS } = deps;

  /**
   * Plans the campaign if it is still being planned under this `planId`. A repeat, or an abandoned plan, does
   * nothing.
   */
  async function plan(
    campaignId: CampaignId,
    planId: string,
    budget: PlanBudget,
  ): Promise<Campaign | undefined> {
    const stored = await campaigns.get(campaignId);
    if (!stored || !isPlanning(stored.value, planId)) return stored?.value;
    const outcome = await planOf(stored.value, budget).catch((fault) => {
      if (fault instanceof RecipientsFault || fault instanceof Superseded) return fault;
      throw fault;
    });
    const found = await campaigns.get(campaignId);
    if (outcome instanceof Superseded) return found?.value;
    if (outcome === 'unfinished') {
      await planQueue.enqueue({ campaignId, planId, clientId: stored.value.clientId });
      return found?.value;
    }
    const now = clock.now();
    const after = await updateWithRetry(campaigns, found, (c) =>
      outcome instanceof RecipientsFault
        ? transition(c, 'planFailed', { planId, reason: outcome.message, now })
        : planned(c, outcome, now),
    );
    telemetry.info('campaign.planned', { campaignId, state: after?.value.state });
    return after?.value;
  }

  async function planOf(campaign: Campaign, budget: PlanBudget): Promise<Plan | 'unfinished'> {
    const { campaignId, source, planning } = campaign;
    if (!source || !planning) throw new RecipientsFault('there are no recipients: upload them first');
    const { planId, dryRun } = planning;
    const seen = makeSeenNumbers('deadlineAt' in budget ? MOST_RECIPIENTS : undefined);
    const from = planning.checkpoint && (await loadCheckpoint(objects, planning.checkpoint.key, seen));
    const etag = from?.sourceEtag ?? ('etag' in budget ? budget.etag : undefined);
    const { etag: sourceEtag, modifiedAt: sourceAt, bytes: size, body } = await openSource(source, etag);
    const rows = readRows(body, { format: source.format, size, limits }, from?.resume);
    const reader = makePartReader(deps, campaign, { rows, seen, from, limits });
    const record = makeRecorder(deps, campaignId, planning);
    const isSpent = makeMeter(clock, budget, reader.rows());
    let written: Written = from ?? { parts: [], rejectedKeys: [], numberKeys: [] };
    try {
      for (;;) {
        const name = `plans/${campaignId}/${planId}/${written.numberKeys.length}-${random.uuid()}`;
        const most = reader.rows() + partRows;
        const part = await writePart(campaign, reader, {
          name,
          // Anew for each part: an erasure has to wait for one part only.
          isErased: await tombstones.erasedSince(campaign.message.from, sourceAt),
          async isOver(count) {
            await record.progress(count);
            return count >= most || isSpent(count);
          },
        });
        written = withPart(written, part);
        const { resume } = part;
        if (!resume) {
          const { parts, rejectedKeys } = written;
          const files = dryRun ? {} : { parts, rejectedKeys };
          return { planId, ...files, sourceEtag, sourceAt, plannedAt: clock.now(), ...reader.figures() };
        }
        const checkpoint = { ...written, ...reader.sums(), sourceEtag, resume };
        const saved = await saveCheckpoint(objects, name, { checkpoint, seen });
        written = saved.checkpoint;
        await record.part({ key: saved.key, rows: reader.rows() });
        if (isSpent(reader.rows())) return 'unfinished';
      }
    } finally {
      await rows.return(undefined);
    }
  }

  async function writePart(
    campaign: Campaign,
    reader: PartReader,
    { name, ...options }: { readonly name: string } & ReadOptions,
  ): Promise<WrittenPart & { readonly resume: ResumePoint | undefined }> {
    const files = openPartFiles(objects, { name, dryRun: campaign.planning?.dryRun ?? false });
    try {
      const resume = await reader.readPart(files, options);
      if (!resume) assertInTime(campaign, reader.figures().counts.total);
      return { resume, ...(await files.close()) };
    } catch (fault) {
      await files.abort();
      throw fault;
    }
  }

  /** Opens the version that it found; with `wanted`, only if that is the ETag of the version. */
  async function openSource(source: RecipientSource, wanted: string | undefined) {
    const { etag, bytes } = await objects.head(source);
    if (wanted !== undefined && etag !== wanted)
      throw new RecipientsFault('the file changed while it was being planned: plan again');
    assertSize(bytes, limits);
    return { bytes, ...(await objects.open({ ...source, etag })) };
  }

  return { plan };
}

function withPart(written: Written, { part, rejectedKey }: WrittenPart): Written {
  return {
    ...written,
    parts: part ? [...written.parts, part] : written.parts,
    rejectedKeys: rejectedKey === undefined ? written.rejectedKeys : [...written.rejectedKeys, rejectedKey],
  };
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
