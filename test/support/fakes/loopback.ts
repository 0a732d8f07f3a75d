/** A server of bare sockets on loopback, for what no HTTP library would answer. */
import { createServer, type Socket } from 'node:net';

export interface Loopback {
  readonly port: number;
  /** How many connections there were. */
  readonly connections: number;
  /** All bytes of each connection, as they came. */
  readonly received: readonly string[];
  close(): Promise<void>;
}

/** What the server does once a whole request has come in. */
export type Behaviour = (socket: Socket, request: string) => unknown;

const isWhole = (text: string): boolean => {
  const [head, body] = text.split('\r\n\r\n');
  const length = /content-length: (\d+)/i.exec(head ?? '')?.[1];
  return body !== undefined && Buffer.byteLength(body) >= Number(length ?? 0);
};

/** Starts it on a free port. Each request of a connection meets the next behaviour, the last one for good. */
export async function loopback(...behaviours: readonly Behaviour[]): Promise<Loopback> {
  const received: string[] = [];
  const sockets = new Set<Socket>();
  let requests = 0;
  const server = createServer((socket) => {
    const n = received.push('') - 1;
    let pending = '';
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A client that breaks off is what some tests are about.
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

/** An HTTP answer, whole. */
export const answer = (status: number, body: string, headers: Record<string, string> = {}): Behaviour => {
  const lines = Object.entries({ 'content-length': String(Buffer.byteLength(body)), ...headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return (socket) => socket.write(`HTTP/1.1 ${status} Whatever\r\n${head}\r\n${body}`);
};
