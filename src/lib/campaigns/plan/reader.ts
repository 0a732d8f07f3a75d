import type { Campaign } from '../campaign.ts';
import { type LedgerBatch, type PlannedRecipient, readPlanLine } from '../ledger.ts';
import type { ObjectStore } from '../ports.ts';
import { partAt } from './figures.ts';
import { RecipientsFault } from './recipient.ts';

export type PlanReader = ReturnType<typeof makePlanReader>;

/** The jobs of a batch run close together, so each process reads its lines once. */
const KEPT_BATCHES = 16;

/** Reads recipients from the frozen plan, batch by batch. */
export function makePlanReader({ objects }: { readonly objects: ObjectStore }) {
  const kept = new Map<string, Promise<readonly string[]>>();

  function linesOf(
    campaign: Campaign,
    batch: Pick<LedgerBatch, 'n' | 'offset' | 'length'>,
  ): Promise<readonly string[]> {
    const { parts } = campaign.plan ?? {};
    if (!parts) return Promise.reject(new RecipientsFault('the campaign has no plan'));
    const found = partAt(parts, batch.offset);
    if (!found) return Promise.reject(endOfPlan());
    const { part, offset } = found;
    const name = `${part.key} ${batch.n}`;
    const known = kept.get(name);
    if (known) return known;
    const ref = { bucket: objects.bucket, key: part.key, etag: part.etag };
    const range = { offset, length: batch.length };
    const lines = objects.readRange(ref, range).then((bytes) => linesIn(bytes));
    kept.set(name, lines);
    lines.catch(() => kept.delete(name));
    for (const oldest of kept.keys()) {
      if (kept.size <= KEPT_BATCHES) break;
      kept.delete(oldest);
    }
    return lines;
  }

  return {
    /** In the order of their rows; undefined for one who was erased. */
    async recipients(
      campaign: Campaign,
      batch: LedgerBatch,
    ): Promise<readonly (PlannedRecipient | undefined)[]> {
      return (await linesOf(campaign, batch)).map(readPlanLine);
    },
    /** Undefined if the recipient was erased. */
    async recipient(
      campaign: Campaign,
      batch: LedgerBatch,
      row: number,
    ): Promise<PlannedRecipient | undefined> {
      const line = (await linesOf(campaign, batch))[row - batch.first];
      if (line === undefined) throw endOfPlan();
      return readPlanLine(line);
    },
  };
}

const endOfPlan = () => new RecipientsFault('the plan file ends before its last recipient');

/** Without the break of the last one. The lines of erased recipients are blank. */
function linesIn(bytes: Buffer): string[] {
  return bytes.toString('utf8').replace(/\n$/, '').split('\n');
}
