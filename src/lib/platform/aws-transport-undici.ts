import { UndiciHttpHandler } from '@smithy/undici-http-handler';
import { TRY_LIMIT_MS, type Transport } from './aws-transport.ts';

/**
 * For functions that bundle undici for LipaChat anyway: a call takes less CPU than with Node's own client
 * (ADR 020).
 */
export const undiciTransport = (): Transport =>
  new UndiciHttpHandler({
    dispatcher: {
      connect: { timeout: TRY_LIMIT_MS },
      headersTimeout: TRY_LIMIT_MS,
      bodyTimeout: TRY_LIMIT_MS,
      // As in Node's own client, unless the server closes first. A stale connection costs one of the SDK's
      // tries.
      keepAliveTimeout: 60_000,
      allowH2: false,
    },
  });
