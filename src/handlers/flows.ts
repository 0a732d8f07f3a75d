import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { api, bodyOf, isHttpEvent } from '../lib/http/api.ts';
import { direct } from '../lib/http/direct-invocation.ts';
import { defaultFrom, isUnusual, parseFlow, prefersAsync, sendResponse } from '../lib/sending/contract.ts';
import { wireSend } from '../lib/wiring/sending.ts';

const { stores, sendFlow } = wireSend('sendFlow');
const sender = defaultFrom(stores.config);

const overHttp = api(stores, async (http) => {
  const request = parseFlow(bodyOf(http.event), sender);
  const respondAsync = prefersAsync(http.headers['prefer']);
  return sendResponse(await sendFlow.send({ ...http, request, respondAsync, isUnusual: isUnusual(request) }));
});

const directly = direct(stores, async (body, run) => {
  const request = parseFlow(body, sender);
  return sendResponse(
    await sendFlow.send({ ...run, request, respondAsync: false, isUnusual: isUnusual(request) }),
  );
});

/** `POST /v1/flows`, or the same body as a direct event or as the detail of an EventBridge event. */
export const handler = (event: APIGatewayProxyEventV2, context: Context) =>
  isHttpEvent(event) ? overHttp(event, context) : directly(event, context);
