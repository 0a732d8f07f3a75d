/** LipaChat's callbacks as API events, and how many of them one environment handles. */
import { randomUUID } from 'node:crypto';
import { httpEvent } from '../test/support/http-event.ts';
import { startGatewayStub } from './gateway.ts';
import { mean, percentile } from './statistics.ts';
import { expectStatus, flowEvent, PAIR, type World } from './world.ts';

export interface CallbackFigures {
  readonly p50: number;
  readonly p99: number;
  readonly cpuMs: number;
  /** One at a time, as in one Lambda environment. */
  readonly perSecond: number;
}

const callback = (world: World, body: object): object =>
  httpEvent({
    method: 'POST',
    path: '/v1/webhooks/lipachat/{secret}',
    pathParameters: { secret: world.webhookSecret },
    body,
  });

export const statusEvent = (world: World, messageId: string, status: string): object =>
  callback(world, { event: 'MESSAGE_STATUS', messageStatus: { messageId, status, statusDesc: status } });

const inboundEvent = (world: World): object => {
  const { business: to, customer: from } = PAIR;
  return callback(world, {
    messageId: randomUUID(),
    from,
    to,
    profileName: 'A',
    type: 'TEXT',
    text: 'hello',
  });
};

export async function benchCallbacks(
  world: World,
  { callbacks, warmUp }: { callbacks: number; warmUp: number },
) {
  const gateway = await startGatewayStub({ latencyMs: 1 });
  const sender = await world.candidate('lipaflow', { LIPACHAT_BASE_URL: gateway.baseUrl });
  const webhook = await world.start('webhook');

  const run = async (eventOf: () => object | Promise<object>): Promise<CallbackFigures> => {
    const calls = [];
    for (let k = -warmUp; k < callbacks; k += 1) {
      const call = expectStatus(await webhook.invoke(await eventOf()), 200);
      if (k >= 0) calls.push(call);
    }
    const ms = calls.map((call) => call.ms);
    const cpuMs = mean(calls.map((call) => call.cpuMs));
    return { p50: percentile(ms, 0.5), p99: percentile(ms, 0.99), cpuMs, perSecond: 1000 / mean(ms) };
  };

  const figures = {
    status: await run(async () => {
      const messageId = randomUUID();
      expectStatus(await sender.invoke(flowEvent(messageId)), 201);
      return statusEvent(world, messageId, 'DELIVERED');
    }),
    inbound: await run(() => inboundEvent(world)),
  };
  sender.stop();
  webhook.stop();
  gateway.close();
  return figures;
}
