import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { api, bodyOf, isHttpEvent } from '../lib/http/api.ts';
import { direct } from '../lib/http/direct-invocation.ts';
import { senderOf } from '../lib/platform/caller.ts';
import { defaultFrom, isUnusual, parseFlow, prefersAsync, sendResponse } from '../lib/sending/contract.ts';
import { rehearseSend } from '../lib/wiring/rehearse-send.ts';
import { type Send, wireSend } from '../lib/wiring/sending.ts';

function handlerOf({ stores, sendFlow }: Pick<Send, 'stores' | 'sendFlow'>) {
  const sender = defaultFrom(stores.config);
  const overHttp = api(stores, async (http) => {
    const request = parseFlow(bodyOf(http.event), senderOf(http, sender));
    const respondAsync = prefersAsync(http.headers['prefer']);
    return sendResponse(
      await sendFlow.send({ ...http, request, respondAsync, isUnusual: isUnusual(request) }),
    );
  });
  const directly = direct(stores, async (body, run) => {
    const request = parseFlow(body, sender);
    const command = { ...run, request, respondAsync: false, isUnusual: isUnusual(request) };
    return sendResponse(await sendFlow.send(command));
  });
  return (event: APIGatewayProxyEventV2, context: Context) =>
    isHttpEvent(event) ? overHttp(event, context) : directly(event, context);
}

const send = wireSend('sendFlow');

/** `POST /v1/flows`, or the same body as a direct event or as the detail of an EventBridge event. */
export const handler = handlerOf(send);

/** Called once, by dist/sendFlow.mjs, before the first event. */
export const rehearse = () => rehearseSend(handlerOf, send.stores);
