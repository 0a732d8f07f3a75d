import { afterEach, describe, expect, it } from 'vitest';
import { makeLipaChat } from '../../../src/lib/lipachat/client.ts';
import type { FlowRequest } from '../../../src/lib/messages/message.ts';
import { systemClock } from '../../../src/lib/platform/clock.ts';
import { answer, type Behaviour, type Loopback, loopback } from '../../support/fakes/loopback.ts';
import { sampleRequest } from '../../support/fakes/samples.ts';
import { ownTime } from '../../support/patience.ts';

const RECEIPT = JSON.stringify({
  data: { messageId: 'x', waId: 'wamid.1', status: 'SENT' },
  status: 'success',
});

const open: Loopback[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function serve(...behaviours: readonly Behaviour[]): Promise<Loopback> {
  const server = await loopback(...behaviours);
  open.push(server);
  return server;
}

const clientOf = ({ port }: { port: number }) =>
  makeLipaChat({ baseUrl: `http://127.0.0.1:${port}/api/v1`, clock: systemClock });

const call = (server: { port: number }, timeoutMs = 5_000, request: FlowRequest = sampleRequest()) =>
  clientOf(server).sendFlow(request, { apiKey: 'key-1', timeoutMs, gatewayMessageId: request.messageId });

/** Makes the call, and measures how long it took. */
async function timed(server: { port: number }, timeoutMs: number) {
  const begun = performance.now();
  const { value: outcome, ownMs } = await ownTime(() => call(server, timeoutMs));
  return { outcome, tookMs: performance.now() - begun, ownMs };
}

describe('an apiKey that no header can carry', () => {
  it.each(['', 'key\n1', 'key\u0000', 'ключ', 'key\u2028'])(
    'is wrong, and nothing leaves: %j',
    async (apiKey) => {
      const server = await serve(answer(200, RECEIPT));
      const request = sampleRequest();
      const options = { apiKey, timeoutMs: 5_000, gatewayMessageId: request.messageId };
      expect(await clientOf(server).sendFlow(request, options)).toEqual({ kind: 'credentials' });
      expect(server.received).toEqual([]);
    },
  );
});

describe('a request to LipaChat', () => {
  it('is the documented request: its path, its headers, its body, and nothing else', async () => {
    const server = await serve(answer(200, RECEIPT));
    await call(server);
    const [head = '', body = ''] = (server.received[0] ?? '').split('\r\n\r\n');
    const [first, ...headers] = head.split('\r\n');
    expect(first).toBe('POST /api/v1/whatsapp/interactive/flows HTTP/1.1');
    expect(headers.filter((line) => !/^(host|connection|content-length):/i.test(line)).sort()).toEqual([
      'accept-encoding: identity',
      'apiKey: key-1',
      'content-type: application/json',
    ]);
    expect(JSON.parse(body)).toEqual({
      messageId: '1a85c604-0f08-4182-8011-407ba84598c5',
      to: '254717746565',
      from: '254110090747',
      text: 'Thank you share your details and one of our agents will be in touch',
      flowId: 'YOUR_FLOW_ID',
      flowCta: 'Share Details!',
      screen: 'FIRST',
      data: { service: '', serviceOption: '', package: '' },
    });
  });

  it('carries the text as it was written, in UTF-8', async () => {
    const server = await serve(answer(200, RECEIPT));
    const text = 'Habari 👋🏽 – “é”\n\u2028';
    await call(server, 5_000, sampleRequest({ text, data: { '👋': 'ü' } }));
    expect(JSON.parse((server.received[0] ?? '').split('\r\n\r\n')[1] ?? '')).toMatchObject({
      text,
      data: { '👋': 'ü' },
    });
  });

  it('leaves out empty data, which WhatsApp refuses', async () => {
    const server = await serve(answer(200, RECEIPT));
    await call(server, 5_000, sampleRequest({ data: {} }));
    expect(JSON.parse((server.received[0] ?? '').split('\r\n\r\n')[1] ?? '')).not.toHaveProperty('data');
  });

  it('is not made when no time is left', async () => {
    const server = await serve(answer(200, RECEIPT));
    for (const timeoutMs of [0, -5]) expect((await call(server, timeoutMs)).kind).toBe('notSent');
    expect(server.connections).toBe(0);
  });

  it.each(['bad\nkey', 'bad\r\nx-evil: 1', '\u0000'])(
    'is not made with the apiKey %j, and nothing is thrown',
    async (apiKey) => {
      const server = await serve(answer(200, RECEIPT));
      const outcome = await clientOf(server).sendFlow(sampleRequest(), {
        apiKey,
        timeoutMs: 1_000,
        gatewayMessageId: 'm-1',
      });
      expect(outcome.kind).toBe('credentials');
      expect(server.received.join('')).not.toContain('evil');
    },
  );
});

describe('a response of LipaChat', () => {
  it.each<[string, Behaviour, object]>([
    ['a receipt', answer(200, RECEIPT), { kind: 'accepted', waId: 'wamid.1' }],
    ['a refusal', answer(400, '{"status":"error","message":"No.","data":null}'), { kind: 'rejected' }],
    ['a wrong key', answer(401, '{}'), { kind: 'credentials' }],
    ['a throttle', answer(429, '', { 'retry-after': '3' }), { kind: 'throttled', retryAfterMs: 3_000 }],
    ['a fault', answer(502, '<html>'), { kind: 'ambiguous' }],
    [
      'a receipt in chunks',
      (s) =>
        s.write(
          `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n${RECEIPT.slice(0, 5)}\r\n${(RECEIPT.length - 5).toString(16)}\r\n${RECEIPT.slice(5)}\r\n0\r\n\r\n`,
        ),
      { kind: 'accepted' },
    ],
    [
      'a receipt up to the connection’s end',
      (s) => s.end(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${RECEIPT}`),
      { kind: 'accepted' },
    ],
    [
      'a receipt after early hints',
      (s) =>
        s.write(
          `HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: ${RECEIPT.length}\r\n\r\n${RECEIPT}`,
        ),
      { kind: 'accepted' },
    ],
  ])('is read: %s', async (_, behaviour, expected) => {
    expect(await call(await serve(behaviour))).toMatchObject(expected);
  });

  it('is read with a byte order mark', async () => {
    expect((await call(await serve(answer(200, `\ufeff${RECEIPT}`)))).kind).not.toBe('rejected');
  });
});

describe('a connection that fails', () => {
  it('means not sent when it is refused', async () => {
    const server = await loopback(answer(200, RECEIPT));
    await server.close();
    expect(await call(server)).toMatchObject({ kind: 'notSent' });
  });

  it.each<[string, Behaviour]>([
    ['reset after the request', (socket) => socket.resetAndDestroy()],
    ['closed after the request', (socket) => socket.end()],
    ['reset in the middle of the head', (s) => s.write('HTTP/1.1 200 O', () => s.resetAndDestroy())],
    [
      'reset in the middle of the body',
      (s) => s.write(`HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n${RECEIPT}`, () => s.resetAndDestroy()),
    ],
    [
      'closed in the middle of the body',
      (s) => s.end(`HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n${RECEIPT}`),
    ],
    ['speaking something else', (s) => s.end('SSH-2.0-OpenSSH_9.6\r\n')],
    ['speaking bad HTTP', (s) => s.end('HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n')],
  ])('is ambiguous when it is %s', async (_, behaviour) => {
    expect(await call(await serve(behaviour))).toEqual({
      kind: 'ambiguous',
      reason: expect.stringMatching(/\w/),
    });
  });

  it('shows no addresses, ports or errors in its reason', async () => {
    const server = await serve((socket) => socket.resetAndDestroy());
    expect(JSON.stringify(await call(server))).not.toMatch(/127\.0\.0\.1|ECONN|undici|\d{4}/i);
  });
});

describe('the deadline', () => {
  const DEADLINE_MS = 250;
  /** Writes `head`, and then `piece` every 10 ms. */
  const drip =
    (head: string, piece: string): Behaviour =>
    (socket) => {
      socket.write(head);
      const timer = setInterval(() => socket.write(piece), 10);
      socket.on('close', () => clearInterval(timer));
    };

  it.each<[string, Behaviour]>([
    ['silence', () => undefined],
    ['a head that drips', drip('HTTP/1.1 200 OK\r\nx: ', 'y')],
    ['a body that drips', drip('HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n', ' ')],
    [
      'a body that stops',
      (socket) => void socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n${RECEIPT}`),
    ],
  ])('ends %s, and the outcome is ambiguous', async (_, behaviour) => {
    const { outcome, tookMs, ownMs } = await timed(await serve(behaviour), DEADLINE_MS);
    expect(outcome.kind).toBe('ambiguous');
    expect(tookMs).toBeGreaterThanOrEqual(DEADLINE_MS - 20);
    expect(ownMs).toBeLessThan(DEADLINE_MS + 1_000);
  });

  it('leaves no connection open', async () => {
    const closed = Promise.withResolvers<void>();
    const server = await serve((socket) => void socket.on('close', () => closed.resolve()));
    await call(server, DEADLINE_MS);
    await closed.promise;
  });
});
