import type { ReportedStatus } from '../messages/status.ts';
import { allEnded } from '../platform/all-ended.ts';
import { attributes } from '../platform/dynamo-codec.ts';
import { as, instant, plain } from '../platform/dynamo-fields.ts';
import type { Table } from '../platform/dynamo-table.ts';
import type { OldUnmatchedStore } from './ports.ts';
import type { UnmatchedStatus } from './unmatched-status.ts';

/** Their partition of the index `due`. */
const OLD_UNMATCHED = 'orphan';

type Stored = Omit<UnmatchedStatus['report'], 'status'> & {
  readonly waKey: string;
  readonly status: ReportedStatus;
};

const stored = attributes<Stored>({
  fields: { waKey: as('orphanOf', plain), status: plain, at: instant, code: plain, detail: plain },
});

export function makeOldUnmatchedStore(table: Table): OldUnmatchedStore {
  const own = table.owning('orphan#');

  async function unmatchedAt(pk: string): Promise<UnmatchedStatus | undefined> {
    const found = await table.get(pk);
    if (!found) return undefined;
    const { waKey, status, at, code, detail } = stored.decode(found.value);
    return { waKey, report: { status, at, code, detail }, lookups: 0 };
  }

  return {
    async dueUnmatched(now, limit) {
      const keys = await table.dueKeys(OLD_UNMATCHED, { upTo: now, limit });
      const found = await allEnded(keys.map(({ pk }) => unmatchedAt(pk)));
      return found.filter((unmatched) => unmatched !== undefined);
    },
    dropUnmatched: ({ waKey, report }) => own.drop(`orphan#${waKey}#${report.status}`),
  };
}
