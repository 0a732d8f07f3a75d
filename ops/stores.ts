/** The stores of src/lib on a stage's table. */

import { makeRawCallbackStore } from '../src/lib/callbacks/dynamo-raw-callbacks.ts';
import { makeClientRegistry } from '../src/lib/clients/dynamo-client-registry.ts';
import { makeClientStore } from '../src/lib/clients/dynamo-clients.ts';
import { makeMessageStore } from '../src/lib/messages/dynamo-messages.ts';
import { systemClock, systemRandom } from '../src/lib/platform/clock.ts';
import { makeDynamoClient } from '../src/lib/platform/dynamo-client.ts';
import { makeTable } from '../src/lib/platform/dynamo-table.ts';
import { makeErasedOptOutStore } from '../src/lib/sessions/dynamo-erased-opt-outs.ts';
import { makeErasureMarker } from '../src/lib/sessions/dynamo-erasure-marker.ts';
import { makePersonAliasStore } from '../src/lib/sessions/dynamo-person-aliases.ts';
import { makeSessionStore } from '../src/lib/sessions/dynamo-sessions.ts';
import { makeErasureKey } from '../src/lib/sessions/erasure-key.ts';
import { clientConfig } from './connection.ts';
import { openParameters } from './parameters.ts';
import type { Place } from './place.ts';
import { command, OpsError } from './report.ts';

const erasureKeyOf = async ({ connection, settings, stage }: Place): Promise<string> => {
  const { ERASURE_KEY_PARAMETER: name } = settings;
  const stored = await openParameters(connection).read(name);
  if (stored) return stored.value.trim();
  throw new OpsError(`there is no parameter ${name}: run ${command(stage, 'setup')}`);
};

export const openStores = (place: Place) => {
  const { connection, tableName } = place;
  const client = makeDynamoClient(clientConfig(connection));
  const table = makeTable({ client, tableName, clock: systemClock, random: systemRandom });
  const key = makeErasureKey({ get: () => erasureKeyOf(place) }, systemClock);
  const marker = makeErasureMarker(table, key);
  return {
    client,
    clock: systemClock,
    random: systemRandom,
    messages: makeMessageStore(table),
    sessions: makeSessionStore(table),
    personAliases: makePersonAliasStore(table),
    erasedOptOuts: makeErasedOptOutStore(table, { marker, random: systemRandom }),
    marker,
    clients: makeClientRegistry(table),
    tokens: makeClientStore(table),
    callbacks: makeRawCallbackStore(table),
  };
};
