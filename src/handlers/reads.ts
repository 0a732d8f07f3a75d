import { allowedPair } from '../lib/http/allowed-pair.ts';
import { api, byRoute } from '../lib/http/api.ts';
import { wireReads } from '../lib/wiring/reads.ts';

const { entry, read } = wireReads('readApi');

/** Reads a message or a session, and the service's health. */
export const handler = api(
  entry,
  byRoute({
    'GET /v1/messages/{messageId}': async (request) => {
      return { status: 200, body: await read.message(request.path['messageId'] ?? '', request) };
    },
    'GET /v1/sessions/{from}/{to}': async (request) => {
      return { status: 200, body: await read.session(allowedPair(request)) };
    },
    'GET /v1/health': () => Promise.resolve({ status: 200, body: { status: 'ok', version: __VERSION__ } }),
  }),
);
