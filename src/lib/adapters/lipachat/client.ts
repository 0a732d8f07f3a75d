import { Agent, type Dispatcher, request as httpRequest } from 'undici';
import type { Outcome } from '../../domain/outcome.ts';
import type { Clock, Gateway } from '../../ports.ts';
import { flowBody, readAnswer, templateBody } from './wire.ts';

export interface LipaChatOptions {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly clock: Clock;
}

const FLOWS = '/whatsapp/interactive/flows';
const TEMPLATE = '/whatsapp/template';
/** More than any envelope; what is longer is not read to its end. */
const BODY_LIMIT = 64 * 1024;
/** A server may close an idle connection at any time; one that has idled longer is not used again. */
const IDLE_MS = 1_000;
const CONNECT_MS = 5_000;

/** LipaChat over HTTP: one call, one outcome. It follows no redirect, decodes nothing, and never throws. */
export function makeLipaChat({ baseUrl, clock }: LipaChatOptions): Gateway {
  const agentNow = makeAgents(clock);

  async function post(
    path: string,
    body: string,
    call: { apiKey: string; timeoutMs: number },
  ): Promise<Outcome> {
    if (call.timeoutMs <= 0) return { kind: 'notSent', reason: 'no time was left for a call' };
    const trace = { left: false };
    try {
      const response = await httpRequest(baseUrl + path, {
        method: 'POST',
        // `identity` and no decoding: a small gzip can become any amount of memory.
        headers: { 'content-type': 'application/json', 'accept-encoding': 'identity', apiKey: call.apiKey },
        body,
        signal: AbortSignal.timeout(Math.ceil(call.timeoutMs)),
        dispatcher: agentNow().compose(noting(trace)),
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      const { statusCode, headers } = response;
      const text = await readCapped(response).catch(() => undefined);
      return readAnswer(
        { httpStatus: statusCode, retryAfter: single(headers['retry-after']), body: text },
        clock.now(),
      );
    } catch (fault) {
      if (!trace.left) return { kind: 'notSent', reason: 'LipaChat could not be reached' };
      return {
        kind: 'ambiguous',
        reason: isTimeout(fault) ? 'no answer came in time' : 'the connection broke before an answer came',
      };
    }
  }

  return {
    sendFlow: (request, call) => post(FLOWS, flowBody(request, call.wireId), call),
    sendTemplate: (request, call) => post(TEMPLATE, templateBody(request), call),
  };
}

/** Notes when undici has a connection and begins to write: before that, nothing can have left. */
function noting(trace: { left: boolean }): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) =>
    dispatch(options, {
      ...bound(handler),
      onRequestStart(controller, context) {
        trace.left = true;
        handler.onRequestStart?.(controller, context);
      },
    });
}

function bound(handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
  return {
    onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
    onResponseStart: (...args) => handler.onResponseStart?.(...args),
    onResponseData: (...args) => handler.onResponseData?.(...args),
    onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
    onResponseError: (...args) => handler.onResponseError?.(...args),
  };
}

/**
 * The agent for a call now. undici closes idle connections by timers, and those stand still while Lambda freezes
 * the process: after a pause on the wall clock the old agent goes, with whatever connections it still believes in.
 */
function makeAgents(clock: Clock): () => Agent {
  const fresh = () =>
    new Agent({
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      connect: { timeout: CONNECT_MS },
      allowH2: false,
    });
  let agent = fresh();
  let usedAt = 0;
  return () => {
    const now = clock.now().getTime();
    if (now - usedAt > IDLE_MS) {
      // Calls that are still under way end first; only then it closes.
      void agent.close();
      agent = fresh();
    }
    usedAt = now;
    return agent;
  };
}

async function readCapped({ headers, body }: Dispatcher.ResponseData): Promise<string | undefined> {
  const encoding = single(headers['content-encoding']);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Leaving the loop destroys the stream, and the connection with it.
    if (size > BODY_LIMIT) return undefined;
    chunks.push(chunk);
  }
  return encoding === undefined || encoding === 'identity'
    ? Buffer.concat(chunks).toString('utf8')
    : undefined;
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function isTimeout(fault: unknown): boolean {
  return fault instanceof Error && fault.name === 'TimeoutError';
}
