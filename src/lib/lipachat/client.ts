import { Agent, type Dispatcher } from 'undici';
import type { FlowRequest } from '../messages/message.ts';
import type { Outcome } from '../messages/outcome.ts';
import { CORRELATION_KEY } from '../messages/reply.ts';
import type { Clock } from '../platform/ports.ts';
import { LARGEST_BODY } from './envelope.ts';
import { readAnswer, type WireAnswer } from './outcome-of-response.ts';
import type { Gateway, TemplateRequest } from './ports.ts';

export interface LipaChatOptions {
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly clock: Clock;
  /** Opens connections; by default over the network. */
  readonly connect?: Agent.Options['connect'];
}

const FLOWS = '/whatsapp/interactive/flows';
const TEMPLATE = '/whatsapp/template';
/** A server may close an idle connection at any time, so connections that idled longer are not reused. */
const IDLE_MS = 1_000;
/**
 * After a pause this long by the wall clock, Lambda may have frozen the process, so every connection counts as lost. A
 * request on a lost connection has an ambiguous outcome.
 */
const PAUSE_MS = 150;
const CONNECT_MS = 5_000;
/** What an HTTP header can carry (RFC 9110, section 5.5). With another key no request can be made. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]+$/;

/** LipaChat over HTTP: one call, one outcome. Never throws, follows no redirect, decodes no content encoding. */
export function makeLipaChat({ baseUrl, ...options }: LipaChatOptions): Gateway {
  const { clock } = options;
  const agents = makeAgents(options);
  const { origin, pathname } = new URL(baseUrl);
  const prefix = pathname.replace(/\/$/, '');

  async function post(
    path: string,
    body: string,
    call: { apiKey: string; timeoutMs: number },
  ): Promise<Outcome> {
    if (!HEADER_VALUE.test(call.apiKey)) return { kind: 'credentials' };
    if (call.timeoutMs <= 0) return { kind: 'notSent', reason: 'no time was left for a call' };
    // Not compressed: a small gzip body can expand to any size in memory.
    const headers = {
      'content-type': 'application/json',
      'accept-encoding': 'identity',
      apiKey: call.apiKey,
    };
    const request = { origin, path: prefix + path, method: 'POST', headers, body } as const;
    const exchange = await dispatched(agents.now(), request, call.timeoutMs).finally(agents.used);
    if (exchange.response) return readAnswer({ ...exchange.response, apiKey: call.apiKey }, clock.now());
    if (!exchange.left) return { kind: 'notSent', reason: 'LipaChat could not be reached' };
    return {
      kind: 'ambiguous',
      reason: exchange.timedOut
        ? 'LipaChat did not respond in time'
        : 'the connection broke before LipaChat responded',
    };
  }

  return {
    sendFlow: (request, call) => post(FLOWS, flowBody(request, call.gatewayMessageId), call),
    sendTemplate: (request, call) => post(TEMPLATE, templateBody(request), call),
  };
}

interface Exchange {
  /** undici had a connection and began to write. If false, no byte can have left. */
  readonly left: boolean;
  readonly timedOut: boolean;
  /** Without a body if the response broke off, came too late, was too long, or was encoded. */
  readonly response: WireAnswer | undefined;
}

/**
 * Makes one request within `timeoutMs` in total. Uses undici's events because they tell when a request begins
 * to leave.
 */
function dispatched(agent: Agent, request: Dispatcher.DispatchOptions, timeoutMs: number): Promise<Exchange> {
  return new Promise((resolve) => {
    let running: Dispatcher.DispatchController | undefined;
    let head: Omit<WireAnswer, 'body'> | undefined;
    let isPlain = true;
    let isOver = false;
    const chunks: Buffer[] = [];
    let size = 0;
    const end = (body: string | undefined, timedOut: boolean) => {
      isOver = true;
      clearTimeout(timer);
      resolve({ left: running !== undefined, timedOut, response: head && { ...head, body } });
    };
    const timer = setTimeout(() => {
      end(undefined, true);
      running?.abort(new Error('no answer came in time'));
    }, Math.ceil(timeoutMs));

    agent.dispatch(
      { ...request, headersTimeout: 0, bodyTimeout: 0 },
      {
        onRequestStart(controller) {
          // The connection came after the timeout. The outcome says that nothing left, so nothing may.
          if (isOver) return controller.abort(new Error('too late'));
          running = controller;
        },
        onResponseStart(_, httpStatus, headers) {
          if (httpStatus < 200) return;
          const encoding = single(headers['content-encoding']);
          isPlain = encoding === undefined || encoding === 'identity';
          head = { httpStatus, retryAfter: single(headers['retry-after']) };
        },
        onResponseData(controller, chunk) {
          size += chunk.length;
          if (size > LARGEST_BODY) controller.abort(new Error('the answer is too long'));
          else chunks.push(chunk);
        },
        onResponseEnd: () => end(isPlain ? Buffer.concat(chunks).toString('utf8') : undefined, false),
        onResponseError: () => end(undefined, false),
      },
    );
  });
}

/**
 * The agent for a call made now. undici closes idle connections by timers, which stop while Lambda freezes the process.
 * After a pause by the wall clock, the old agent is replaced together with its connections. `used` ends a call.
 */
function makeAgents({ clock, connect = { timeout: CONNECT_MS } }: Omit<LipaChatOptions, 'baseUrl'>): {
  now: () => Agent;
  used: () => void;
} {
  const fresh = () =>
    new Agent({
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      connect,
      allowH2: false,
    });
  let agent = fresh();
  let usedAt = 0;
  const used = () => {
    usedAt = clock.now().getTime();
  };
  const now = () => {
    if (clock.now().getTime() - usedAt > PAUSE_MS) {
      // `close` waits for calls in flight.
      void agent.close();
      agent = fresh();
    }
    used();
    return agent;
  };
  return { now, used };
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

/** The body of `POST /whatsapp/interactive/flows`. Omits an empty `data`, which WhatsApp refuses. */
function flowBody(request: FlowRequest, gatewayMessageId: string): string {
  const { messageId, to, from, text, flowId, flowCta, screen, data } = request;
  const whole = request.correlate ? { ...data, [CORRELATION_KEY]: messageId } : data;
  const filled = Object.keys(whole).length > 0 ? { data: whole } : {};
  return JSON.stringify({ messageId: gatewayMessageId, to, from, text, flowId, flowCta, screen, ...filled });
}

/** The body of `POST /whatsapp/template`. */
function templateBody({ messageId, pair, template }: TemplateRequest): string {
  const { name, languageCode, header, placeholders = [] } = template;
  const components = { ...(header ? { header } : {}), body: { placeholders } };
  return JSON.stringify({
    messageId,
    to: pair.customer,
    from: pair.business,
    template: { name, languageCode, components },
  });
}
