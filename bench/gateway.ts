/** A healthy LipaChat: it returns a receipt after `latencyMs`, and records how long it had each request. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface GatewayStub {
  readonly baseUrl: string;
  /**
   * How long it had the last request of this messageId, from its head to the end of the response; ms. Zero if there was
   * none since it was last asked: a repeat doesn't reach LipaChat.
   */
  lastTook(messageId: string): number;
  close(): void;
}

export async function startGatewayStub({ latencyMs }: { latencyMs: number }): Promise<GatewayStub> {
  const shares = new Map<string, number>();
  const server = createServer(async (request, response) => {
    const at = performance.now();
    let body = '';
    for await (const part of request.setEncoding('utf8')) body += part;
    const { messageId } = JSON.parse(body) as { messageId: string };
    await sleep(latencyMs);
    const waId = `wamid.${randomBytes(36).toString('base64')}`;
    const data = { messageId, waId, status: 'SENT', statusDesc: 'Message sent successfully' };
    const timestamp = '2026-01-01T12:00:00.123456789';
    const text = JSON.stringify({ timestamp, data, status: 'success', message: '', errors: null });
    response.setHeader('content-type', 'application/json').end(text);
    shares.set(messageId, performance.now() - at);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/api/v1`,
    lastTook: (messageId) => {
      const share = shares.get(messageId) ?? 0;
      shares.delete(messageId);
      return share;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
