import { once } from 'node:events';
import { Socket } from 'node:net';
import type { buildConnector } from 'undici';

/**
 * Makes connections for undici that never leave the process: each request is answered, over HTTP/1.1 and with
 * status 200, by the JSON of `answer`. Its argument is the request's head and body as text. No handle is behind them.
 */
export function makeMemoryPeer(answer: (request: string) => object) {
  const sockets = new Set<Socket>();
  let isOver = false;

  const connect: buildConnector.connector = (_, callback) => {
    if (isOver) return process.nextTick(callback, new Error('the peer is closed'), null);
    const socket = memorySocket(answer);
    sockets.add(socket);
    // A connection is never there at once.
    process.nextTick(callback, null, socket);
  };

  /** Until all connections are closed, and undici knows. There are no more from then on. */
  const close = async () => {
    isOver = true;
    for (const socket of sockets) {
      if (socket.closed) continue;
      const closed = once(socket, 'close');
      socket.destroy();
      await closed;
    }
  };

  return { connect, close };
}

/** A socket that was never connected, since undici wants one, with reads and writes of its own. */
function memorySocket(answer: (request: string) => object): Socket {
  const socket = new Socket();
  let received = '';

  const take = (text: string) => {
    received += text;
    if (!isWhole(received)) return;
    socket.push(responseWith(answer(received)));
    received = '';
  };

  const write = (text: string, done: (fault?: Error) => void) => {
    try {
      take(text);
    } catch (fault) {
      // Breaks this connection, and so this request. Thrown from here, it would end the process.
      return done(new Error('no answer', { cause: fault }));
    }
    done();
  };
  socket._read = () => {};
  socket._write = (chunk: Buffer | string, _, done) => write(chunk.toString(), done);
  socket._writev = (chunks, done) => write(chunks.map(({ chunk }) => String(chunk)).join(''), done);
  return socket;
}

/** For requests in ASCII. */
function isWhole(request: string): boolean {
  const [, length = '0'] = /\r\ncontent-length: (\d+)/i.exec(request) ?? [];
  const end = request.indexOf('\r\n\r\n');
  return end >= 0 && request.length >= end + 4 + Number(length);
}

/** With the headers of DynamoDB, without its clock: the SDK would correct its own by it. */
function responseWith(body: object): string {
  const text = JSON.stringify(body);
  const head = [
    'HTTP/1.1 200 OK',
    'server: Server',
    'content-type: application/x-amz-json-1.0',
    `content-length: ${Buffer.byteLength(text)}`,
    'connection: keep-alive',
    'x-amzn-requestid: MEMORY',
  ];
  return `${head.join('\r\n')}\r\n\r\n${text}`;
}
