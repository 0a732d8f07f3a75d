/** The stores of src/lib on a stage's table. */

import { makeRawCallbackStore } from '../src/lib/callbacks/dynamo-raw-callbacks.ts';
import { makeClientRegistry } from '../src/lib/clients/dynamo-client-registry.ts';
import { makeClientStore } from '../src/lib/clients/dynamo-clients.ts';
import { makeMessageStore } from '../src/lib/messages/dynamo-messages.ts';
import { systemClock, systemRandom } from '../src/lib/platform/clock.ts';
import { makeDynamoClient } from '../src/lib/platform/dynamo-client.ts';
import { makeTable } from '../src/lib/platform/dynamo-table.ts';
import { makeErasedOptOutStore } from '../src/lib/sessions/dynamo-erased-opt-outs.ts';
import { makePersonAliasStore } from '../src/lib/sessions/dynamo-person-aliases.ts';
import { makeSessionStore } from '../src/lib/sessions/dynamo-sessions.ts';
import { clientConfig } from './connection.ts';
import type { Place } from './place.ts';

export const openStores = ({ connection, tableName }: Place) => {
  const client = makeDynamoClient(clientConfig(connection));
  const table = makeTable({ client, tableName, clock: systemClock, random: systemRandom });
  return {
    client,
    clock: systemClock,
    random: systemRandom,
    messages: makeMessageStore(table),
    sessions: makeSessionStore(table),
    personAliases: makePersonAliasStore(table),
    erasedOptOuts: makeErasedOptOutStore(table, systemRandom),
    clients: makeClientRegistry(table),
    tokens: makeClientStore(table),
    callbacks: makeRawCallbackStore(table),
  };
};
