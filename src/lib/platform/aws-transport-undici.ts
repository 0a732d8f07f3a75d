import { setFlagsFromString } from 'node:v8';
import { UndiciHttpHandler } from '@smithy/undici-http-handler';
import type { Agent } from 'undici';
import { IDLE_MS, TRY_LIMIT_MS, type Transport, withLiveConnections } from './aws-transport.ts';
import type { Clock } from './ports.ts';

/**
 * For functions that bundle undici for LipaChat anyway: a call takes less CPU than with Node's own client
 * (ADR 020). `agent` takes precedence over the options here.
 */
export function undiciTransport(clock: Clock, agent: Agent.Options = {}): Transport {
  optimizeParserLater();
  const dispatcher = {
    connect: { timeout: TRY_LIMIT_MS },
    headersTimeout: TRY_LIMIT_MS,
    bodyTimeout: TRY_LIMIT_MS,
    keepAliveTimeout: IDLE_MS,
    allowH2: false,
    ...agent,
  };
  const transport = new UndiciHttpHandler({ dispatcher });
  // Replaces the agent. The old one closes what is idle, and the rest when its calls have ended.
  const dropIdle = () => transport.updateHttpClientConfig('dispatcher', dispatcher);
  return withLiveConnections(transport, dropIdle, clock);
}

/**
 * undici parses HTTP with WebAssembly. V8 optimises its main function, 33 KB, as soon as it has run for some responses:
 * by default in the first send, of which that takes 42 % of the CPU (47 ms; at the share of 512 MB, 160 ms of the
 * caller's time). With this budget it does so some 40 sends later. Set it before the first connection.
 */
function optimizeParserLater(): void {
  setFlagsFromString('--wasm-tiering-budget=1000000000');
}
