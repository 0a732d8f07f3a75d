/** A server of plain sockets on loopback, for responses that no HTTP library would send. */
import { createServer, type Socket } from 'node:net';

export interface Loopback {
  readonly port: number;
  /** The number of connections so far. */
  readonly connections: number;
  /** All bytes of each connection, as they arrived. */
  readonly received: readonly string[];
  close(): Promise<void>;
}

/** What the server does once a whole request has arrived. */
export type Behaviour = (socket: Socket, request: string) => unknown;

const isWhole = (text: string): boolean => {
  const [head, body] = text.split('\r\n\r\n');
  const length = /content-length: (\d+)/i.exec(head ?? '')?.[1];
  return body !== undefined && Buffer.byteLength(body) >= Number(length ?? 0);
};

/**
 * Starts the server on a free port. Each request of a connection gets the next behaviour, and the last one repeats.
 */
export async function loopback(...behaviours: readonly Behaviour[]): Promise<Loopback> {
  const received: string[] = [];
  const sockets = new Set<Socket>();
  let requests = 0;
  const server = createServer((socket) => {
    const n = received.push('') - 1;
    let pending = '';
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // Some tests are about clients that disconnect.
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      received[n] += bytes.toString('utf8');
      pending += bytes.toString('utf8');
      if (!isWhole(pending)) return;
      const request = pending;
      pending = '';
      const behaviour = behaviours[Math.min(requests, behaviours.length - 1)];
      requests += 1;
      behaviour?.(socket, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    get connections() {
      return received.length;
    },
    received,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** A complete HTTP response. */
export const answer = (status: number, body: string, headers: Record<string, string> = {}): Behaviour => {
  const lines = Object.entries({ 'content-length': String(Buffer.byteLength(body)), ...headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return (socket) => socket.write(`HTTP/1.1 ${status} Whatever\r\n${head}\r\n${body}`);
};
