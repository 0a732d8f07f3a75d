/** The little that the local servers share: listening on loopback, ending at once, reading a body. */
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Listening = { url: string; port: number; close: () => Promise<void> };

// Longer than any client keeps an idle connection: whoever closes first decides who meets a stale socket,
// and a reset that no test asked for is indistinguishable from one that a test did ask for.
const KEEP_ALIVE_MS = 120_000;

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/**
 * Listens on 127.0.0.1, port 0 meaning any free one. `close` cuts the connections that are still open.
 * Rejects with the server's error, for one EADDRINUSE.
 */
export const listen = (server: Server, port: number): Promise<Listening> =>
  new Promise((resolve, reject) => {
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.removeListener('error', reject);
      const bound = portOf(server);
      resolve({ url: `http://127.0.0.1:${bound}`, port: bound, close: () => close(server) });
    });
  });

/**
 * The whole body, or `undefined` when it is over `maxBytes`. What is over is read and dropped, since a client
 * that is still writing would otherwise see a broken connection and not the answer.
 */
export const readBody = async (request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  return size > maxBytes ? undefined : Buffer.concat(chunks);
};
