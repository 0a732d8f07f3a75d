import { Agent as HttpAgent } from 'node:http';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { UndiciHttpHandler } from '@smithy/undici-http-handler';
import type { Clock } from './ports.ts';

/** The HTTP handler that all AWS clients of a process share. */
export type Transport = NodeHttpHandler | UndiciHttpHandler;

/** The limit of one try. The SDK has no time limits by default. */
export const TRY_LIMIT_MS = 1_000;

/** As in Node's own client, unless the server closes first. */
export const IDLE_MS = 60_000;

/**
 * Lambda freezes the process between two invocations, and its idle connections may be lost meanwhile. Timers stand still
 * with it, so their age is taken from the wall clock. Where one was lost nevertheless, a try of the SDK fails, and the
 * others are given up with it: the next try opens a new one. `dropIdle` closes the connections that are not in use.
 */
export function withLiveConnections(transport: Transport, dropIdle: () => void, clock: Clock): Transport {
  let usedAt = Number.NEGATIVE_INFINITY;
  const handle: Transport['handle'] = async (request, options) => {
    const now = clock.now().getTime();
    if (now - usedAt > IDLE_MS) dropIdle();
    usedAt = now;
    try {
      return await transport.handle(request, options);
    } catch (fault) {
      dropIdle();
      throw fault;
    }
  };
  return Object.assign(Object.create(transport) as Transport, { handle });
}

export function nodeTransport(clock: Clock): Transport {
  const transport = new NodeHttpHandler({
    connectionTimeout: TRY_LIMIT_MS,
    requestTimeout: TRY_LIMIT_MS,
    throwOnRequestTimeout: true,
  });
  const dropIdle = () => {
    const { httpAgent, httpsAgent } = transport.httpHandlerConfigs();
    for (const agent of [httpAgent, httpsAgent]) {
      if (!(agent instanceof HttpAgent)) continue;
      for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
    }
  };
  return withLiveConnections(transport, dropIdle, clock);
}
