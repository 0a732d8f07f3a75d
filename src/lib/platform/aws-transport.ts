import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { UndiciHttpHandler } from '@smithy/undici-http-handler';

/** How a process talks to AWS: one for all of its clients. */
export type Transport = NodeHttpHandler | UndiciHttpHandler;

/** Of one try: the SDK has no time limits of its own. */
export const TRY_LIMIT_MS = 1_000;

export const nodeTransport = (): Transport =>
  new NodeHttpHandler({
    connectionTimeout: TRY_LIMIT_MS,
    requestTimeout: TRY_LIMIT_MS,
    throwOnRequestTimeout: true,
  });
