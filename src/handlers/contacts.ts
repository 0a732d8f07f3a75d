import { api } from '../lib/http/api.ts';
import { parsePair } from '../lib/http/schema.ts';
import { AppError } from '../lib/platform/errors.ts';
import { wireContacts } from '../lib/wiring/contacts.ts';

const { stores, consent, erase } = wireContacts('contacts');

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
