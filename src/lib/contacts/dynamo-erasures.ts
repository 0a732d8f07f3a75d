import { itemCodec, makeVersioned, prefixed } from '../platform/dynamo-codec.ts';
import { inSeconds, instant, plain } from '../platform/dynamo-fields.ts';
import type { Table } from '../platform/dynamo-table.ts';
import { type Erasure, endOfErasure, lostAt } from './erasure.ts';
import type { ErasureStore } from './ports.ts';

const DUE = 'erasure';

const { pkOf, idIn } = prefixed<string>('erasure#');

const codec = itemCodec<Erasure, 'erasureId'>({
  key: 'erasureId',
  pkOf,
  idIn,
  fields: {
    state: plain,
    sealed: plain,
    correlationId: plain,
    clientId: plain,
    place: plain,
    counts: plain,
    optOutKept: plain,
    requestedAt: instant,
    changedAt: instant,
    finishedAt: instant,
  },
  derived: {
    due: ({ state }) => (state === 'running' ? DUE : undefined),
    dueAt: (erasure) => (erasure.state === 'running' ? lostAt(erasure).getTime() : undefined),
    expires: (erasure) => {
      const end = endOfErasure(erasure);
      return end && inSeconds(end);
    },
  },
});

export function makeErasureStore(table: Table): ErasureStore {
  return {
    ...makeVersioned(table.owning('erasure#'), codec),
    lost: async (now, limit) => (await table.dueKeys(DUE, { upTo: now, limit })).map(({ pk }) => idIn(pk)),
  };
}
