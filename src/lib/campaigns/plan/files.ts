import { allEnded } from '../../platform/all-ended.ts';
import { type PlannedRecipient, planLine } from '../ledger.ts';
import type { ObjectStore, ObjectWriter } from '../ports.ts';
import type { PlanPart, RejectedRow } from './figures.ts';

/** What a part has; nothing for a file without a line. */
export interface WrittenPart {
  readonly part?: PlanPart;
  readonly rejectedKey?: string;
}

/** The output of a part of a plan: its recipients and the rejected rows. */
export interface PartFiles {
  accept(recipient: PlannedRecipient): Promise<void>;
  reject(row: RejectedRow): Promise<void>;
  close(): Promise<WrittenPart>;
  /** Leaves neither file behind. */
  abort(): Promise<void>;
}

/** The two files `<name>.jsonl` and `<name>.rejected.jsonl`, with one line per entry. A dry run writes neither. */
export function openPartFiles(
  objects: ObjectStore,
  { name, dryRun }: { readonly name: string; readonly dryRun: boolean },
): PartFiles {
  if (dryRun) return { accept: none, reject: none, close: () => Promise.resolve({}), abort: none };
  const key = `${name}.jsonl`;
  const rejectedKey = `${name}.rejected.jsonl`;
  const accepted = onFirstLine(() => objects.writer(key));
  const rejected = onFirstLine(() => objects.writer(rejectedKey));
  return {
    accept: (recipient) => accepted.write(planLine(recipient)),
    reject: (row) => rejected.write(`${JSON.stringify(row)}\n`),
    async close() {
      const [part, refused] = await allEnded([accepted.close(), rejected.close()]);
      return { ...(part ? { part: { key, ...part } } : {}), ...(refused ? { rejectedKey } : {}) };
    },
    async abort() {
      await allEnded([accepted.abort(), rejected.abort()]);
    },
  };
}

const none = () => Promise.resolve();

/** A writer that begins its object with the first line. */
function onFirstLine(open: () => ObjectWriter) {
  let writer: ObjectWriter | undefined;
  return {
    write(line: string): Promise<void> {
      writer ??= open();
      return writer.write(line);
    },
    close: () => writer?.close() ?? Promise.resolve(undefined),
    abort: () => writer?.abort() ?? Promise.resolve(),
  };
}
