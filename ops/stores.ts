/** The stores of src/lib over a place's table. */
import { makeDynamoClient } from '../src/lib/adapters/dynamo/client.ts';
import { makeClientRegistry } from '../src/lib/adapters/dynamo/client-registry.ts';
import { makeForgottenStore } from '../src/lib/adapters/dynamo/forgotten.ts';
import { makeMessageStore } from '../src/lib/adapters/dynamo/messages.ts';
import { makeSessionStore } from '../src/lib/adapters/dynamo/sessions.ts';
import { makeTable } from '../src/lib/adapters/dynamo/table.ts';
import { systemChance, systemClock } from '../src/lib/adapters/system.ts';
import { clientConfig } from './connection.ts';
import type { Place } from './place.ts';

export const openStores = ({ connection, tableName }: Place) => {
  const client = makeDynamoClient(clientConfig(connection));
  const table = makeTable({ client, tableName, clock: systemClock, chance: systemChance });
  return {
    client,
    clock: systemClock,
    messages: makeMessageStore(table),
    sessions: makeSessionStore(table),
    forgotten: makeForgottenStore(table, systemChance),
    clients: makeClientRegistry(table),
  };
};
