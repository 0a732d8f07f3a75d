import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import type { FlowRequest } from '../domain/message.ts';
import type { Telemetry } from '../ports.ts';
import { api } from './api.ts';
import { parseFlow } from './contracts.ts';

/** Whoever is there when the function has started does not wait for a rehearsal. */
const ALONE_MS = 20;

/** What runs once more is already faster. */
const TIMES = 6;

const EVENT = {
  routeKey: 'rehearsal',
  headers: {},
  requestContext: { requestId: 'rehearsal' },
} as APIGatewayProxyEventV2;

/** Nobody's. Reading it compiles the schemas, which zod does at their first use. */
function nobodysFlow(): FlowRequest {
  const words = { text: '-', flowId: '-', flowCta: '-', screen: '-' };
  return parseFlow(
    { messageId: '-', to: '254700000000', from: '254700000000', ...words, data: {} },
    undefined,
  );
}

/** Rehearses a send by way of the HTTP stack, a moment from now. Gives back what calls it off. */
export function soonRehearse(telemetry: Telemetry, rehearse: (request: FlowRequest) => Promise<void>) {
  const overHttp = api(telemetry, async () => {
    for (let time = 0; time < TIMES; time += 1) await rehearse(nobodysFlow());
    return { status: 204, body: undefined };
  });
  const timer = setTimeout(() => overHttp(EVENT, {} as Context), ALONE_MS);
  return () => clearTimeout(timer);
}
