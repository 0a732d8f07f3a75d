import { allEnded } from '../platform/all-ended.ts';
import { attributes } from '../platform/dynamo-codec.ts';
import { as, plain, seconds } from '../platform/dynamo-fields.ts';
import type { Table } from '../platform/dynamo-table.ts';
import type { Clock } from '../platform/ports.ts';
import type { Aliased, MessageAliasStore } from './ports.ts';

const RETENTION_MS = 30 * 86_400_000;

interface Alias extends Aliased {
  readonly keepUntil: Date;
}

const { encode, decode } = attributes<Alias>({
  fields: { messageId: plain, of: plain, keepUntil: as('expires', seconds) },
});

export function makeMessageAliasStore(table: Table, clock: Clock): MessageAliasStore {
  const own = table.owning('wire#');
  const pkOf = (alias: string) => `wire#${alias}`;

  return {
    keep: (alias, { messageId, of }) => {
      const keepUntil = new Date(clock.now().getTime() + RETENTION_MS);
      return own.overwrite({ ...encode({ messageId, of, keepUntil }), pk: pkOf(alias) });
    },
    async find(alias) {
      const stored = await table.get(pkOf(alias));
      if (!stored) return undefined;
      const { messageId, of } = decode(stored.value);
      return of === undefined ? { messageId } : { messageId, of };
    },
    async drop(aliases) {
      await allEnded(aliases.map((alias) => own.drop(pkOf(alias))));
    },
  };
}
