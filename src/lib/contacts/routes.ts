import { allowedPair } from '../http/allowed-pair.ts';
import type { ApiResponse, Routes } from '../http/api.ts';
import { parseErasureId } from './contract.ts';
import type { EraseContact } from './erase.ts';
import { type Erasure, erasureView } from './erasure.ts';
import type { ExportContact } from './export.ts';
import type { makeOptOut } from './opt-out.ts';

const NO_CONTENT = { status: 204, body: undefined };
const done = () => NO_CONTENT;

/** `/v1/opt-outs…`, `/v1/contacts…` and `/v1/erasures…`, by route key. */
export function contactRoutes({
  consent,
  erasure,
  exportContact,
}: {
  readonly consent: ReturnType<typeof makeOptOut>;
  readonly erasure: EraseContact;
  readonly exportContact: ExportContact;
}): Routes {
  return {
    'PUT /v1/opt-outs/{from}/{to}': async (request) =>
      consent.optOut(allowedPair(request), request).then(done),
    'DELETE /v1/opt-outs/{from}/{to}': async (request) =>
      consent.optIn(allowedPair(request), request).then(done),
    'DELETE /v1/contacts/{from}/{to}': async (request) =>
      erasedResponse(await erasure.erase(allowedPair(request), request)),
    'GET /v1/contacts/{from}/{to}/export': async (request) => {
      const { after } = request.event.queryStringParameters ?? {};
      const body = await exportContact(allowedPair(request), after, request);
      return { status: 200, body, headers: { 'cache-control': 'no-store' } };
    },
    'GET /v1/erasures/{erasureId}': async (request) => {
      const found = await erasure.read(parseErasureId(request.path), request);
      return { status: 200, body: erasureView(found) };
    },
  };
}

/** 204 for a whole erasure; 202 for one that goes on, with the place where its end can be read. */
function erasedResponse(erasure: Erasure | undefined): ApiResponse {
  if (!erasure) return NO_CONTENT;
  const headers = { location: `/v1/erasures/${erasure.erasureId}` };
  return { status: 202, body: erasureView(erasure), headers };
}
