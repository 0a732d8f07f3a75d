import { api } from '../lib/http/api.ts';
import { parsePair } from '../lib/http/schema.ts';
import { makeRead } from '../lib/messages/read.ts';
import { AppError } from '../lib/platform/errors.ts';
import { wireStores } from '../lib/wiring/stores.ts';

const stores = wireStores('readApi');
const read = makeRead({ ...stores, sessionMarginSeconds: stores.config.SESSION_MARGIN_SECONDS });

/** Reads by route: messages, sessions, health. */
export const handler = api(stores, async (request) => {
  switch (request.event.routeKey) {
    case 'GET /v1/messages/{messageId}':
      return { status: 200, body: await read.message(request.path['messageId'] ?? '', request) };
    case 'GET /v1/sessions/{from}/{to}':
      return { status: 200, body: await read.session(parsePair(request.path)) };
    case 'GET /v1/health':
      return { status: 200, body: { status: 'ok', version: __VERSION__ } };
    default:
      throw new AppError('not-found', 'There is no such route.');
  }
});
