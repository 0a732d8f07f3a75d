import { makeAuthorize } from '../clients/authorize.ts';
import { makeClientStore } from '../clients/dynamo-clients.ts';
import { tableOf, wireEntry } from './stores.ts';

export function wireAuthorizer(functionName: string) {
  const entry = wireEntry(functionName);
  return makeAuthorize({ ...entry, clients: makeClientStore(tableOf(entry)) });
}
