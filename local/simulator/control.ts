import * as z from 'zod';
import type { StatusReport } from './callbacks.ts';
import { faultRule } from './fault-kinds.ts';
import { type Answer, digitsOf, jsonAnswer } from './http.ts';
import { customerMessage, inboundBody, writtenAt } from './inbound.ts';
import { statusWord } from './settings.ts';
import type { WebhookResult } from './webhook.ts';
import type { World } from './world.ts';

/** `subject` is the variable segment of the path (a customer or a messageId), decoded. */
type Request = { subject: string; query: URLSearchParams; body: unknown };
type Route = { method: string; path: RegExp; run: (request: Request) => Promise<Answer> | Answer };

const writer = z.object({ customer: z.string().regex(/^\+?\d{7,15}$/, 'a phone number') });

const arbitraryCallback = z.strictObject({
  body: z.unknown().refine((body) => body !== undefined, 'required'),
  headers: z.record(z.string(), z.string().nullable()).default({}),
  repeat: z.int().min(1).max(1000).default(1),
  concurrent: z.boolean().default(false),
});

const statusReport = z.strictObject({
  status: statusWord,
  statusDesc: z.string().optional(),
  errorCode: z.int().optional(),
  useWaIdOnly: z.boolean().default(false),
  extra: z.record(z.string(), z.unknown()).default({}),
});

/**
 * The control API, below /__sim. Answers JSON; 400 `{error, fields: [{field, problem}]}` names each wrong field,
 * 404 an unknown path or message. `path` comes without the prefix.
 */
export function createControl(world: World) {
  const routes = createRoutes(world);

  return async (request: Omit<Request, 'subject'> & { method: string; path: string }): Promise<Answer> => {
    for (const route of routes) {
      const fit = route.method === request.method ? route.path.exec(request.path) : null;
      if (fit === null) continue;
      try {
        return await route.run({ ...request, subject: decodeURIComponent(fit[1] ?? '') });
      } catch (error) {
        return refuse(error);
      }
    }
    return jsonAnswer(404, { error: `no ${request.method} /__sim${request.path}` });
  };
}

function createRoutes(world: World): Route[] {
  const { settings, conversation, faults, journal, webhook } = world;
  const ok = (body: unknown): Answer => jsonAnswer(200, body);
  const ofMessage = <T extends { messageId: string | null }>(all: readonly T[], query: URLSearchParams) =>
    query.has('messageId') ? all.filter((one) => one.messageId === query.get('messageId')) : all;
  return [
    { method: 'GET', path: /^\/health$/, run: () => ok({ status: 'ok' }) },
    { method: 'GET', path: /^\/state$/, run: () => ok(describeState(world)) },
    {
      method: 'GET',
      path: /^\/deliveries$/,
      run: ({ query }) => ok(ofMessage(conversation.deliveries(), query)),
    },
    { method: 'GET', path: /^\/requests$/, run: ({ query }) => ok(ofMessage(journal.entries(), query)) },
    { method: 'GET', path: /^\/callbacks$/, run: () => ok(webhook.calls()) },
    { method: 'POST', path: /^\/callbacks$/, run: ({ body }) => sendCallback(world, body) },
    { method: 'POST', path: /^\/customers\/([^/]+)\/messages$/, run: (request) => writeIn(world, request) },
    { method: 'POST', path: /^\/messages\/([^/]+)\/status$/, run: (request) => reportStatus(world, request) },
    { method: 'PUT', path: /^\/faults$/, run: ({ body }) => ok(faults.add(faultRule.parse(body))) },
    { method: 'DELETE', path: /^\/faults$/, run: () => ok(emptied(faults)) },
    {
      method: 'PUT',
      path: /^\/config$/,
      run: ({ body }) => {
        settings.change(body);
        return ok(shownSettings(world));
      },
    },
    { method: 'POST', path: /^\/reset$/, run: () => ok(resetAll(world)) },
  ];
}

/** A customer writes to a business number: the window opens, and our webhook hears of it. */
async function writeIn(world: World, { subject, body }: Request): Promise<Answer> {
  const customer = digitsOf(writer.parse({ customer: subject }).customer);
  const message = customerMessage.parse(body);
  const business = digitsOf(message.to ?? world.sandboxNumber);
  const now = world.now();
  const heard = { customer, business, text: message.text, at: writtenAt(message, now) };
  if (!world.conversation.hear(heard)) return jsonAnswer(200, { joined: false, webhook: [] });
  const inbound = inboundBody({ message, customer, business, now });
  const call = () => world.webhook.call(JSON.stringify(inbound.body));
  const webhook = await callTimes(call, { ...message, repeat: message.notify ? message.repeat : 0 });
  return jsonAnswer(200, { joined: true, messageId: inbound.messageId, webhook });
}

async function sendCallback(world: World, input: unknown): Promise<Answer> {
  const callback = arbitraryCallback.parse(input);
  const body = typeof callback.body === 'string' ? callback.body : JSON.stringify(callback.body);
  const webhook = await callTimes(() => world.webhook.call(body, callback.headers), callback);
  return jsonAnswer(200, { webhook });
}

async function reportStatus(world: World, { subject, body }: Request): Promise<Answer> {
  const { useWaIdOnly, ...said } = statusReport.parse(body);
  const delivery = world.conversation.find(subject);
  if (delivery === undefined) return jsonAnswer(404, { error: 'no such message was delivered' });
  const report: StatusReport = { ...said, withoutMessageId: useWaIdOnly };
  return jsonAnswer(200, { webhook: [await world.callbacks.report(delivery, report)] });
}

type Times = { repeat: number; concurrent: boolean };

async function callTimes(call: () => Promise<WebhookResult>, times: Times): Promise<WebhookResult[]> {
  if (times.concurrent) return Promise.all(Array.from({ length: times.repeat }, call));
  const results: WebhookResult[] = [];
  while (results.length < times.repeat) results.push(await call());
  return results;
}

function describeState(world: World): object {
  return {
    now: world.now().toISOString(),
    config: shownSettings(world),
    sessions: world.conversation.sessions(),
    joined: world.conversation.joined(),
    faults: world.faults.list(),
    deliveries: world.conversation.deliveries().length,
    requests: world.journal.entries().length,
    pendingCallbacks: world.callbacks.pending(),
  };
}

/** Without the secrets: the keys, and the webhook's URL (its path holds one). */
function shownSettings(world: World): object {
  const { apiKeys, webhookUrl, ...shown } = world.settings.current();
  return { ...shown, apiKeys: apiKeys.length, webhookUrlSet: webhookUrl !== null };
}

function resetAll(world: World): object {
  for (const part of [world.callbacks, world.conversation, world.faults, world.journal, world.webhook]) {
    part.clear();
  }
  world.settings.reset();
  return {};
}

function emptied(part: { clear: () => void }): object {
  part.clear();
  return {};
}

function refuse(error: unknown): Answer {
  if (!(error instanceof z.ZodError)) throw error;
  const fields = error.issues.map((issue) => ({ field: fieldOf(issue), problem: issue.message }));
  return jsonAnswer(400, { error: 'the request is wrong', fields });
}

function fieldOf(issue: z.core.$ZodIssue): string {
  const names = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys.join(',')] : issue.path;
  return names.join('.') || 'body';
}
