import { as, itemCodec, prefixed } from '../platform/dynamo-codec.ts';
import { instant, list, seconds } from '../platform/dynamo-fields.ts';
import { makeVersioned } from '../platform/dynamo-store.ts';
import type { Table } from '../platform/dynamo-table.ts';
import type { FailureStreak, FailureStreakKey } from './failure-streak.ts';
import type { FailureStreakStore } from './ports.ts';

export const failureStreakCodec = itemCodec<FailureStreak, 'key'>({
  key: 'key',
  ...prefixed<FailureStreakKey>('failures#'),
  fields: { times: list(instant), keepUntil: as('expires', seconds) },
});

export function makeFailureStreakStore(table: Table): FailureStreakStore {
  return makeVersioned(table, failureStreakCodec);
}
