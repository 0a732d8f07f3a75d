import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { UndiciHttpHandler } from '@smithy/undici-http-handler';

/** The HTTP handler that all AWS clients of a process share. */
export type Transport = NodeHttpHandler | UndiciHttpHandler;

/** The limit of one try. The SDK has no time limits by default. */
export const TRY_LIMIT_MS = 1_000;

export const nodeTransport = (): Transport =>
  new NodeHttpHandler({
    connectionTimeout: TRY_LIMIT_MS,
    requestTimeout: TRY_LIMIT_MS,
    throwOnRequestTimeout: true,
  });
