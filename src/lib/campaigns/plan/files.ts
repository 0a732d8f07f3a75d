import { allEnded } from '../../platform/all-ended.ts';
import type { CampaignId } from '../campaign-id.ts';
import { type PlannedRecipient, planLine } from '../ledger.ts';
import type { ObjectStore } from '../ports.ts';
import type { Plan, RejectedRow } from './figures.ts';

/** The output of a plan: its recipients and the rejected rows. */
export interface PlanFiles {
  accept(recipient: PlannedRecipient): Promise<void>;
  reject(row: RejectedRow): Promise<void>;
  close(): Promise<Pick<Plan, 'file' | 'rejectedKey'>>;
  /** Leaves neither file behind. */
  abort(): Promise<void>;
}

/** Opens both files, with one line per entry. A dry run writes neither. */
export function openPlanFiles(
  objects: ObjectStore,
  {
    campaignId,
    planId,
    dryRun,
  }: { readonly campaignId: CampaignId; readonly planId: string; readonly dryRun: boolean },
): PlanFiles {
  if (dryRun) return { accept: none, reject: none, close: () => Promise.resolve({}), abort: none };
  const key = `plans/${campaignId}/${planId}.jsonl`;
  const rejectedKey = `plans/${campaignId}/${planId}.rejected.jsonl`;
  const accepted = objects.writer(key);
  const rejected = objects.writer(rejectedKey);
  return {
    accept: (recipient) => accepted.write(planLine(recipient)),
    reject: (row) => rejected.write(`${JSON.stringify(row)}\n`),
    async close() {
      const [written] = await allEnded([accepted.close(), rejected.close()]);
      return { file: { key, ...written }, rejectedKey };
    },
    async abort() {
      await allEnded([accepted.abort(), rejected.abort()]);
    },
  };
}

const none = () => Promise.resolve();
