import type { Table } from '../platform/dynamo-table.ts';
import type { Clock } from '../platform/ports.ts';
import type { MessageId } from './message.ts';
import type { MessageAliasStore } from './ports.ts';

const RETENTION_SECONDS = 30 * 86_400;

export function makeMessageAliasStore(table: Table, clock: Clock): MessageAliasStore {
  const pkOf = (alias: string) => `wire#${alias}`;

  return {
    keep: (alias, messageId) => {
      const expires = Math.ceil(clock.now().getTime() / 1000) + RETENTION_SECONDS;
      return table.overwrite({ pk: pkOf(alias), messageId, expires });
    },
    async messageOf(alias) {
      return (await table.get(pkOf(alias)))?.value['messageId'] as MessageId | undefined;
    },
    async drop(aliases) {
      await Promise.all(aliases.map((alias) => table.drop(pkOf(alias))));
    },
  };
}
