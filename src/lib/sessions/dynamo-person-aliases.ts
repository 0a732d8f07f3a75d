import { itemCodec, makeRead, makeVersioned } from '../platform/dynamo-codec.ts';
import { inSeconds, instant, plain } from '../platform/dynamo-fields.ts';
import type { Reads, Table } from '../platform/dynamo-table.ts';
import { type AliasKey, endOfAlias, type PersonAlias } from './person.ts';
import type { PersonAliasStore } from './ports.ts';

export function makePersonAliasStore(table: Table): PersonAliasStore {
  const own = table.owning('person#');
  return {
    ...makeVersioned(own, personAliasCodec),
    drop: (key) => own.drop(personAliasCodec.pkOf(key)),
  };
}

export function makePersonAliasReads(table: Reads): Pick<PersonAliasStore, 'get'> {
  return makeRead(table, personAliasCodec);
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
