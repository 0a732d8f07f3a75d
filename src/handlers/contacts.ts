import { allowedPair } from '../lib/http/allowed-pair.ts';
import { api, byRoute } from '../lib/http/api.ts';
import { wireContacts } from '../lib/wiring/contacts.ts';

const { stores, consent, erase } = wireContacts('contacts');

const NO_CONTENT = { status: 204, body: undefined };
const done = () => NO_CONTENT;

/** A customer's opt-out, and the erasure of a customer's data. */
export const handler = api(
  stores,
  byRoute({
    'PUT /v1/opt-outs/{from}/{to}': async (request) =>
      consent.optOut(allowedPair(request), request).then(done),
    'DELETE /v1/opt-outs/{from}/{to}': async (request) =>
      consent.optIn(allowedPair(request), request).then(done),
    'DELETE /v1/contacts/{from}/{to}': async (request) =>
      erase(allowedPair(request), request.correlationId).then(done),
  }),
);
