import { itemCodec, makeVersioned } from '../platform/dynamo-codec.ts';
import { inSeconds, instant, plain } from '../platform/dynamo-fields.ts';
import type { Table } from '../platform/dynamo-table.ts';
import { type AliasKey, endOfAlias, type PersonAlias } from './person.ts';
import type { PersonAliasStore } from './ports.ts';

export function makePersonAliasStore(table: Table): PersonAliasStore {
  return {
    ...makeVersioned(table, personAliasCodec),
    drop: (key) => table.drop(personAliasCodec.pkOf(key)),
  };
}

const personAliasCodec = itemCodec<PersonAlias, 'key'>({
  key: 'key',
  pkOf: ({ business, userId }) => `person#${business}#${userId}`,
  idIn: (pk) => {
    const [, business, userId] = pk.split('#');
    return { business, userId } as AliasKey;
  },
  fields: { number: plain, namedAt: instant, unmerged: plain },
  derived: { expires: ({ namedAt }) => inSeconds(endOfAlias(namedAt)) },
});
