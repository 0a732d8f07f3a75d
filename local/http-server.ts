/** Shared by the local servers: listening on loopback, closing at once, reading a body. */
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Listening = { url: string; port: number; close: () => Promise<void> };

// Longer than any client keeps an idle connection. If the server closed first, a client could hit a stale socket,
// and a test can't tell such a reset from one that it injected.
const KEEP_ALIVE_MS = 120_000;

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/**
 * Listens on 127.0.0.1; port 0 means any free port. `close` cuts open connections.
 * Rejects with the server's error, such as EADDRINUSE.
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
 * The whole body, or `undefined` if it exceeds `maxBytes`. The excess is read and dropped: otherwise a client that is
 * still writing would see a broken connection instead of the response.
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
