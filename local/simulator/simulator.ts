import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { guarded } from '../guard.ts';
import { createControl } from './control/control.ts';
import { createGateway } from './gateway.ts';
import { jsonAnswer, parseJson, readText, sendAnswer } from './http.ts';
import { keysFor } from './settings.ts';
import { createWorld, type World } from './world.ts';

const gatewayPrefix = '/api/v1';
const controlPrefix = '/__sim';
/** Room for a callback that is deliberately too big for our webhook. */
const maxBodyBytes = 32 * 1024 * 1024;

export type SimulatorOptions = {
  /** 0 for any free port. */
  port: number;
  host?: string;
  apiKey: string;
  webhookUrl?: string;
  /** If set, callbacks carry X-Hub-Signature-256 over their raw bytes. */
  webhookHmacSecret?: string;
  sandboxNumber?: string;
  joinCode?: string;
  /** Resolves once callbacks have had their effects: a control call that makes some responds after that. */
  whenHandled?: () => Promise<void>;
};

export type Simulator = {
  url: string;
  /** The base URL for a LipaChat client: `url` + /api/v1. */
  baseUrl: string;
  setWebhookUrl: (url: string) => void;
  /** Drops all connections, open ones too. May be called twice. */
  close: () => Promise<void>;
};

/** Starts a stand-in for LipaChat. Rejects if the port is taken, or with ZodError if `webhookUrl` is not an http(s) URL. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const closing = new AbortController();
  const world = createWorld({
    apiKey: options.apiKey,
    webhookUrl: options.webhookUrl ?? null,
    webhookHmacSecret: options.webhookHmacSecret,
    sandboxNumber: options.sandboxNumber ?? '254110090747',
    joinCode: options.joinCode ?? 'join lipaflow',
    signal: closing.signal,
  });
  // curl sends JSON as a form unless it is given another type.
  const listener = guarded(createListener(world, options.whenHandled), {
    plainBodies: 'refused-from-browsers',
  });
  const server = createServer(listener);
  const url = await listen(server, options);
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing.abort();
    closed ??= stop(server);
    return closed;
  };
  const setWebhookUrl = (webhookUrl: string): void => {
    world.settings.change({ webhookUrl });
  };
  return { url, baseUrl: url + gatewayPrefix, setWebhookUrl, close };
}

function createListener(world: World, whenHandled: SimulatorOptions['whenHandled']) {
  const gateway = createGateway(world);
  const control = createControl(world);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://simulator');
    const method = request.method ?? 'GET';
    const text = await readText(request, maxBodyBytes);
    if (text === undefined) return sendAnswer(response, jsonAnswer(413, { error: 'the body is too long' }));
    if (pathname.startsWith(`${gatewayPrefix}/`)) {
      const { headers } = request;
      const path = pathname.slice(gatewayPrefix.length);
      const body = parseJson(text) ?? text;
      const apiKeyRight = keysFor(world.settings.current(), body).includes(String(headers['apikey']));
      return gateway({ method, path, query, headers, apiKeyRight, body }, response);
    }
    const path = pathname.startsWith(`${controlPrefix}/`) ? pathname.slice(controlPrefix.length) : pathname;
    const controlled = await control({ method, path, query, body: parseJson(text) });
    if (method === 'POST') await whenHandled?.();
    sendAnswer(response, controlled);
  }

  return (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response).catch((error: unknown) => fail(error, { response, closing: world.signal }));
  };
}

/** A client that disconnects, or the simulator's closing, is no fault. Anything else is a bug in the simulator, so print it. */
function fail(error: unknown, during: { response: ServerResponse; closing: AbortSignal }): void {
  const { response, closing } = during;
  if (closing.aborted || response.destroyed) return;
  console.error('simulator:', error);
  if (response.headersSent) response.destroy();
  else sendAnswer(response, jsonAnswer(500, { error: 'the simulator failed' }));
}

function listen(server: Server, { port, host = '127.0.0.1' }: SimulatorOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve(`http://${host}:${(server.address() as AddressInfo).port}`);
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
