import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { api, bodyOf, isHttpEvent, type Run } from '../lib/http/api.ts';
import { direct } from '../lib/http/direct-invocation.ts';
import { defaultFrom, parseFlow, prefersAsync, sendResponse } from '../lib/sending/contract.ts';
import { wireSend, wireSendStores } from '../lib/wiring/sending.ts';

const stores = wireSendStores('sendFlow');
const { config } = stores;
const { sendFlow } = wireSend(stores);
const sender = defaultFrom(config);

async function send(body: unknown, run: Run, respondAsync: boolean) {
  const request = parseFlow(body, sender);
  return sendResponse(await sendFlow.send({ ...run, request, respondAsync }));
}

const overHttp = api(stores, (request) =>
  send(bodyOf(request.event), request, prefersAsync(request.headers['prefer'])),
);

const directly = direct(stores, (body, run) => send(body, run, false));

/** `POST /v1/flows`; the same body as a direct event; the same body as the detail of an EventBridge event. */
export const handler = (event: APIGatewayProxyEventV2, context: Context) =>
  isHttpEvent(event) ? overHttp(event, context) : directly(event, context);
