import { itemCodec, makeVersioned, prefixed } from '../../platform/dynamo-codec.ts';
import { as, instant, list, seconds } from '../../platform/dynamo-fields.ts';
import type { Table } from '../../platform/dynamo-table.ts';
import type { FailureStreakStore } from '../ports.ts';
import type { FailureStreak, FailureStreakKey } from './streak.ts';

const failureStreakCodec = itemCodec<FailureStreak, 'key'>({
  key: 'key',
  ...prefixed<FailureStreakKey>('failures#'),
  fields: { times: list(instant), keepUntil: as('expires', seconds) },
});

export function makeFailureStreakStore(table: Table): FailureStreakStore {
  return makeVersioned(table.owning('failures#'), failureStreakCodec);
}
