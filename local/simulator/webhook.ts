import { createHmac } from 'node:crypto';
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

const retryDelaysMs = [100, 200, 400];
const answerWithinMs = 10_000;

/** The result of a webhook call. `status` is null without a response, and `error` says why. `attempts` counts the calls. */
export type WebhookResult = { status: number | null; attempts: number; error: string | null };

export type WebhookCall = WebhookResult & { at: string; body: string };

type Options = {
  url: () => string | null;
  hmacSecret: string | undefined;
  now: () => Date;
  signal: AbortSignal;
};

export type Webhook = ReturnType<typeof createWebhook>;

/** Calls our webhook as the gateway would: POST with JSON, repeated a few times on 5xx and broken connections. */
export function createWebhook({ url, hmacSecret, now, signal }: Options) {
  const calls: WebhookCall[] = [];

  /** `headers` override the simulator's own, including the signature. null removes one. */
  async function call(body: string, headers: Record<string, string | null> = {}): Promise<WebhookResult> {
    const target = url();
    const result =
      target === null
        ? { status: null, attempts: 0, error: 'no webhook URL is set' }
        : await callUntilAnswered({ target, body, headers: headersFor(body, headers), signal });
    calls.push({ at: now().toISOString(), body, ...result });
    return result;
  }

  function headersFor(body: string, over: Record<string, string | null>): Record<string, string> {
    const signature = hmacSecret && `sha256=${createHmac('sha256', hmacSecret).update(body).digest('hex')}`;
    const own = {
      'content-type': 'application/json',
      ...(signature ? { 'x-hub-signature-256': signature } : {}),
    };
    const lowered = Object.entries(over).map(([name, value]) => [name.toLowerCase(), value] as const);
    const merged: Record<string, string | null> = { ...own, ...Object.fromEntries(lowered) };
    return Object.fromEntries(
      Object.entries(merged).filter((pair): pair is [string, string] => pair[1] !== null),
    );
  }

  return {
    call,
    calls: (): readonly WebhookCall[] => calls,
    clear(): void {
      calls.length = 0;
    },
  };
}

type Post = { target: string; body: string; headers: Record<string, string>; signal: AbortSignal };

async function callUntilAnswered(post: Post): Promise<WebhookResult> {
  let attempts = 0;
  for (;;) {
    const answer = await postOnce(post);
    const delayMs = retryDelaysMs[attempts];
    attempts += 1;
    const settled = answer.status !== null && answer.status < 500;
    if (settled || delayMs === undefined || post.signal.aborted) return { ...answer, attempts };
    await sleep(delayMs, undefined, { signal: post.signal }).catch(() => undefined);
  }
}

function postOnce({ target, body, headers, signal }: Post): Promise<Omit<WebhookResult, 'attempts'>> {
  const request = target.startsWith('https:') ? httpsRequest : httpRequest;
  const options: RequestOptions = {
    method: 'POST',
    headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    // No keep-alive: an idle connection that the other side has closed would look like a failed callback.
    agent: false,
    signal: AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)]),
  };
  return new Promise((resolve) => {
    // Only the code: an error message might contain the URL, which contains the webhook's secret.
    const failed = (error: NodeJS.ErrnoException): void =>
      resolve({ status: null, error: error.code ?? error.name });
    const sent = request(target, options, (answer) => {
      answer.on('error', failed).resume();
      answer.on('end', () => resolve({ status: answer.statusCode ?? null, error: null }));
    });
    sent.on('error', failed).end(body);
  });
}
