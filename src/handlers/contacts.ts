import { makeErase } from '../lib/contacts/erase.ts';
import { makeOptOut } from '../lib/contacts/opt-out.ts';
import { api } from '../lib/http/api.ts';
import { parsePair } from '../lib/http/schema.ts';
import { AppError } from '../lib/platform/errors.ts';
import { wireRecipientQueue, wireStores } from '../lib/wiring/stores.ts';

const stores = wireStores('contacts');
const erase = makeErase(stores);
const consent = makeOptOut({ ...stores, ...wireRecipientQueue(stores) });

const DONE = { status: 204, body: undefined };

/** A customer's word on being written to, and their right to be forgotten. */
export const handler = api(stores, async ({ event, path, correlationId }) => {
  const pair = parsePair(path);
  switch (event.routeKey) {
    case 'PUT /v1/opt-outs/{from}/{to}':
      await consent.optOut(pair, correlationId);
      return DONE;
    case 'DELETE /v1/opt-outs/{from}/{to}':
      await consent.optIn(pair);
      return DONE;
    case 'DELETE /v1/contacts/{from}/{to}':
      await erase(pair, correlationId);
      return DONE;
    default:
      throw new AppError('not-found', 'There is no such route.');
  }
});
