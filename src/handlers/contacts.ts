import { api, byRoute } from '../lib/http/api.ts';
import { parsePair } from '../lib/http/schema.ts';
import { wireContacts } from '../lib/wiring/contacts.ts';

const { stores, consent, erase } = wireContacts('contacts');

const NO_CONTENT = { status: 204, body: undefined };
const done = () => NO_CONTENT;

/** A customer's opt-out, and the erasure of a customer's data. */
export const handler = api(
  stores,
  byRoute({
    'PUT /v1/opt-outs/{from}/{to}': ({ path, correlationId }) =>
      consent.optOut(parsePair(path), correlationId).then(done),
    'DELETE /v1/opt-outs/{from}/{to}': ({ path }) => consent.optIn(parsePair(path)).then(done),
    'DELETE /v1/contacts/{from}/{to}': ({ path, correlationId }) =>
      erase(parsePair(path), correlationId).then(done),
  }),
);
