/** What LipaChat, or a server in its place, must not be able to do to us. */
import { createHook } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { createGzip } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { makeLipaChat } from '../../../src/lib/lipachat/client.ts';
import { systemClock } from '../../../src/lib/platform/clock.ts';
import type { Clock } from '../../../src/lib/platform/ports.ts';
import { manualClock } from '../../support/fakes/clock.ts';
import { answer, type Behaviour, type Loopback, loopback } from '../../support/fakes/loopback.ts';
import { NOW, sampleRequest } from '../../support/fakes/samples.ts';

const MIB = 1024 * 1024;
const RECEIPT = JSON.stringify({ data: { waId: 'wamid.1' }, status: 'success' });

const open: Loopback[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function serve(...behaviours: readonly Behaviour[]): Promise<Loopback> {
  const server = await loopback(...behaviours);
  open.push(server);
  return server;
}

const clientOf = ({ port }: Loopback, clock: Clock = systemClock) => {
  const gateway = makeLipaChat({ baseUrl: `http://127.0.0.1:${port}`, clock });
  return () => gateway.sendFlow(sampleRequest(), { apiKey: 'k', timeoutMs: 5_000, gatewayMessageId: 'm-1' });
};

/** An endless body, produced as fast as it is read; `sent` counts its bytes. */
function endless(head: string, chunk: Buffer) {
  const count = { sent: 0 };
  const behaviour: Behaviour = (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n`);
    const more = () => {
      while (!socket.destroyed && count.sent < 500 * MIB) {
        count.sent += chunk.length;
        if (!socket.write(chunk)) return;
      }
    };
    socket.on('drain', more);
    more();
  };
  return { behaviour, count };
}

/** The bytes that our side has read of each new connection: what it did not read, it cannot hold. */
async function bytesReadBy(work: () => Promise<unknown>): Promise<number[]> {
  const sockets: Socket[] = [];
  const note = (message: unknown): void => void sockets.push((message as { socket: Socket }).socket);
  subscribe('net.client.socket', note);
  await work().finally(() => unsubscribe('net.client.socket', note));
  return sockets.map((socket) => socket.bytesRead);
}

/** The kinds of asynchronous work that began meanwhile: ZLIB, where something was unpacked. */
async function workBegunBy(work: () => Promise<unknown>): Promise<Set<string>> {
  const kinds = new Set<string>();
  const hook = createHook({ init: (_id, kind) => void kinds.add(kind) }).enable();
  await work().finally(() => hook.disable());
  return kinds;
}

async function gzipOfZeros(bytes: number): Promise<Buffer> {
  const gzip = createGzip({ level: 9 });
  const zeros = Buffer.alloc(MIB);
  const chunks: Buffer[] = [];
  gzip.on('data', (chunk: Buffer) => chunks.push(chunk));
  for (let done = 0; done < bytes; done += MIB) {
    await new Promise<void>((resolve, reject) => gzip.write(zeros, (e) => (e ? reject(e) : resolve())));
  }
  await new Promise<void>((resolve) => gzip.end(resolve));
  return Buffer.concat(chunks);
}

describe('a body that is too long', () => {
  it('is cut at the cap, and the outcome is ambiguous', async () => {
    const { behaviour, count } = endless('content-length: 1000000000\r\n', Buffer.alloc(64 * 1024, ' '));
    const call = clientOf(await serve(behaviour));
    expect((await call()).kind).toBe('ambiguous');
    expect(count.sent).toBeLessThan(50 * MIB);
  });

  it('is cut when it comes in chunks without a length', async () => {
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000, 'x'), Buffer.from('\r\n')]);
    const { behaviour, count } = endless('transfer-encoding: chunked\r\n', chunk);
    expect((await clientOf(await serve(behaviour))()).kind).toBe('ambiguous');
    expect(count.sent).toBeLessThan(50 * MIB);
  });

  it.each([
    [400, 'ambiguous'],
    [403, 'misconfigured'],
  ])('is no judgement of the message, whatever the status says: %i', async (status, kind) => {
    const long = answer(status, JSON.stringify({ status: 'error', message: 'x'.repeat(10 * MIB) }));
    expect((await clientOf(await serve(long))()).kind).toBe(kind);
  });

  it('takes no memory: ten of 10 MiB each, in sequence and in parallel', async () => {
    const body = Buffer.concat([
      Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 10485760\r\n\r\n'),
      Buffer.alloc(10 * MIB, 32),
    ]);
    const call = clientOf(await serve((socket) => socket.write(body)));
    const read = await bytesReadBy(async () => {
      for (let n = 0; n < 5; n += 1) await call();
      await Promise.all(Array.from({ length: 5 }, call));
    });
    expect(read).toHaveLength(10);
    expect(Math.max(...read)).toBeLessThan(MIB);
  });
});

describe('a body in an encoding that was not requested', () => {
  it('is not decompressed: a small gzip of 200 MiB takes no memory', async () => {
    const bomb = await gzipOfZeros(200 * MIB);
    expect(bomb.length).toBeLessThan(MIB);
    const head = `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`;
    const call = clientOf(await serve((socket) => socket.write(Buffer.concat([Buffer.from(head), bomb]))));
    const begun = await workBegunBy(async () => {
      for (let n = 0; n < 3; n += 1) expect((await call()).kind).toBe('ambiguous');
    });
    expect(begun).toContain('TCPWRAP');
    expect(begun).not.toContain('ZLIB');
  });

  it.each(['gzip', 'br', 'deflate', 'x-unknown'])(
    'is not trusted, even if it looks like a receipt: %s',
    async (encoding) => {
      const call = clientOf(await serve(answer(200, RECEIPT, { 'content-encoding': encoding })));
      expect((await call()).kind).toBe('ambiguous');
    },
  );

  it('is accepted when it is marked as identity', async () => {
    const call = clientOf(await serve(answer(200, RECEIPT, { 'content-encoding': 'identity' })));
    expect((await call()).kind).toBe('accepted');
  });
});

describe('a redirect', () => {
  it.each([
    [301, 'notSent'],
    [302, 'ambiguous'],
    [303, 'ambiguous'],
    [307, 'notSent'],
    [308, 'notSent'],
  ])('with %i is not followed, and the other host gets no request', async (status, kind) => {
    const other = await serve(answer(200, RECEIPT));
    const location = `http://127.0.0.1:${other.port}/whatsapp/interactive/flows`;
    const first = await serve(answer(status, '', { location }));
    expect((await clientOf(first)()).kind).toBe(kind);
    expect(other.connections).toBe(0);
    expect(first.connections).toBe(1);
  });

  it('is not followed on the same host either', async () => {
    const server = await serve(answer(307, '', { location: '/elsewhere' }), answer(200, RECEIPT));
    expect((await clientOf(server)()).kind).toBe('notSent');
    expect(server.received.join('').match(/POST /g)).toHaveLength(1);
  });
});

describe('an idle connection', () => {
  const keptAlive = answer(200, RECEIPT, { connection: 'keep-alive', 'keep-alive': 'timeout=600' });
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  /**
   * Makes two calls, `realMs` of real time and `clockMs` of the clock apart. Returns the number of connections used.
   */
  async function connectionsOf(realMs: number, clockMs: number): Promise<number> {
    const server = await serve(keptAlive);
    const clock = manualClock(NOW);
    const call = clientOf(server, clock);
    expect((await call()).kind).toBe('accepted');
    await pause(realMs);
    clock.advance(clockMs);
    expect((await call()).kind).toBe('accepted');
    return server.connections;
  }

  it('is reused within a second', async () => {
    expect(await connectionsOf(0, 50)).toBe(1);
  });

  it('is not reused after more than a second, whatever the server promises', async () => {
    expect(await connectionsOf(1_300, 0)).toBe(2);
  });

  it.each([200, 1_500])('is not reused after a freeze of %i ms, when no timer could run', async (ms) => {
    expect(await connectionsOf(0, ms)).toBe(2);
  });

  it('is reused right after a call that took longer than that', async () => {
    const clock = manualClock(NOW);
    const slow: Behaviour = (socket, request) => {
      clock.advance(5_000);
      keptAlive(socket, request);
    };
    const server = await serve(slow);
    const call = clientOf(server, clock);
    expect((await call()).kind).toBe('accepted');
    await pause(0);
    expect((await call()).kind).toBe('accepted');
    expect(server.connections).toBe(1);
  });

  it('is not closed before the calls on it are over', async () => {
    const server = await serve(
      (socket) => void setTimeout(() => answer(200, RECEIPT)(socket, ''), 150),
      keptAlive,
    );
    const clock = manualClock(NOW);
    const call = clientOf(server, clock);
    const slow = call();
    clock.advance(10_000);
    expect((await call()).kind).toBe('accepted');
    expect((await slow).kind).toBe('accepted');
  });
});
