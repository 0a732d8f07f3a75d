import { mapEnded } from '../../platform/all-ended.ts';
import type { Clock, Telemetry } from '../../platform/ports.ts';
import { updateWithRetry } from '../../platform/update-with-retry.ts';
import { type Campaign, isPlanning, type PlanCheckpoint, type Planning } from '../campaign.ts';
import type { CampaignId } from '../campaign-id.ts';
import { transition } from '../lifecycle.ts';
import type { CampaignStore, ObjectStore } from '../ports.ts';
import type { EstimateSums } from './estimate.ts';
import type { PlanPart } from './figures.ts';
import { RecipientsFault, type ResumePoint } from './recipient.ts';
import type { ColumnsFound } from './row.ts';
import type { SeenNumbers } from './seen-numbers.ts';
import type { Tally } from './tally.ts';

/*
 * Where the next planner goes on: all that a planner knows between two rows, in objects beside the parts of the plan. The
 * campaign's item names the newest checkpoint. Each part has an object with its own numbers, and a checkpoint names all
 * of them.
 */

/** What the rows so far add up to; bounded, however many they are. */
export interface Sums {
  readonly tally: Tally;
  readonly estimate: EstimateSums;
  readonly columns: ColumnsFound;
}

export interface Checkpoint extends Sums {
  readonly sourceEtag: string;
  readonly resume: ResumePoint;
  readonly parts: readonly PlanPart[];
  readonly rejectedKeys: readonly string[];
  /** The objects with the numbers of each part. */
  readonly numberKeys: readonly string[];
}

const READ_AT_ONCE = 4;

/** Writes `<name>.numbers`, which the checkpoint lacks, and then `<name>.json`. */
export async function saveCheckpoint(
  objects: ObjectStore,
  name: string,
  { checkpoint, seen }: { readonly checkpoint: Checkpoint; readonly seen: SeenNumbers },
): Promise<{ readonly key: string; readonly checkpoint: Checkpoint }> {
  const numbers = `${name}.numbers`;
  const key = `${name}.json`;
  const whole = { ...checkpoint, numberKeys: [...checkpoint.numberKeys, numbers] };
  await objects.put(numbers, seen.takeAdded());
  await objects.put(key, JSON.stringify(whole));
  return { key, checkpoint: whole };
}

/** Fills `seen`, which must be empty. Throws `RecipientsFault` if an object is gone. */
export async function loadCheckpoint(
  objects: ObjectStore,
  key: string,
  seen: SeenNumbers,
): Promise<Checkpoint> {
  try {
    const checkpoint = JSON.parse((await bytesOf(objects, key)).toString('utf8')) as Checkpoint;
    const refill = async (one: string) => seen.refill(await bytesOf(objects, one));
    await mapEnded(checkpoint.numberKeys, refill, { concurrency: READ_AT_ONCE });
    if (seen.size() !== checkpoint.tally.counts.total) throw new Error('numbers of the plan are missing');
    return checkpoint;
  } catch (fault) {
    if (!(fault instanceof RecipientsFault)) throw fault;
    throw new RecipientsFault('the first part of the plan is gone: plan again', { cause: fault });
  }
}

async function bytesOf(objects: ObjectStore, key: string): Promise<Buffer> {
  const { body } = await objects.open({ bucket: objects.bucket, key });
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Another planner has recorded a part, or the plan was abandoned. */
export class Superseded extends Error {}

const PROGRESS_MS = 5_000;

/** Records in the campaign's item how far the planner is. Throws `Superseded`. */
export function makeRecorder(
  deps: { readonly campaigns: CampaignStore; readonly clock: Clock; readonly telemetry: Telemetry },
  campaignId: CampaignId,
  { planId, checkpoint }: Planning,
) {
  const { campaigns, clock, telemetry } = deps;
  let after = checkpoint?.key;
  let toldAt = clock.now().getTime();

  async function write(change: (campaign: Campaign) => Campaign): Promise<Campaign | undefined> {
    const { value } = (await updateWithRetry(campaigns, await campaigns.get(campaignId), change)) ?? {};
    return value && isPlanning(value, planId) ? value : undefined;
  }

  return {
    /** Every few seconds, so that the tick doesn't take the planner for dead. */
    async progress(rows: number): Promise<void> {
      const now = clock.now();
      if (now.getTime() - toldAt < PROGRESS_MS) return;
      toldAt = now.getTime();
      const told = await write((c) => transition(c, 'planningProgressed', { planId, after, rows, now }));
      if (!told || told.planning?.checkpoint?.key !== after) throw new Superseded();
      telemetry.info('campaign.planning', { campaignId, rows });
    },

    /** Of all planners that began at the same checkpoint, one records the next. */
    async part(next: PlanCheckpoint): Promise<void> {
      const now = clock.now();
      const told = await write((c) => transition(c, 'partPlanned', { planId, after, checkpoint: next, now }));
      if (told?.planning?.checkpoint?.key !== next.key) throw new Superseded();
      after = next.key;
      telemetry.info('campaign.part-planned', { campaignId, rows: next.rows });
    },
  };
}

/** Time for the end of a part: pending look-ups, up to four objects, the item, the queue. */
const PART_END_MS = 30_000;
/** After this, the plan goes back to the queue, so that another client's plan waits for minutes at most. */
const SLICE_MS = 120_000;

/** What one invocation may take. The plan goes on in another one. */
export type PlanBudget =
  /** The planner's invocation ends then. */
  | { readonly deadlineAt: Date }
  /** A caller waits: so many rows of a small file, and only of the version with this ETag. */
  | { readonly rows: number; readonly etag?: string };

/** Returns whether the budget is spent, by the number of all rows. The slice begins with the first row of this call. */
export function makeMeter(clock: Clock, budget: PlanBudget, before: number) {
  if ('rows' in budget) return (rows: number) => rows - before >= budget.rows;
  const deadline = budget.deadlineAt.getTime() - PART_END_MS;
  let end = deadline;
  let hasBegun = false;
  return () => {
    const now = clock.now().getTime();
    if (!hasBegun) end = Math.min(deadline, now + SLICE_MS);
    hasBegun = true;
    return now > end;
  };
}
