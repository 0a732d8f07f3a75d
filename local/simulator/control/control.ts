import * as z from 'zod';
import { faultRule } from '../fault-kinds.ts';
import { type Answer, jsonAnswer } from '../http.ts';
import type { World } from '../world.ts';
import { reportStatus, reportTemplate, sendCallback } from './callbacks.ts';
import { writeInTogether } from './crowd.ts';
import { replyToFlow, writeIn } from './customers.ts';
import { shownDeliveries } from './deliveries.ts';
import type { ControlRequest } from './request.ts';

type Route = { method: string; path: RegExp; run: (request: ControlRequest) => Promise<Answer> | Answer };

/**
 * The control API below /__sim. Responds with JSON: 400 `{error, fields: [{field, problem}]}` names each invalid field,
 * 404 means an unknown path, message or flow. `path` has no prefix.
 */
export function createControl(world: World) {
  const routes = createRoutes(world);

  return async (
    request: Omit<ControlRequest, 'subject'> & { method: string; path: string },
  ): Promise<Answer> => {
    for (const route of routes) {
      const fit = route.method === request.method ? route.path.exec(request.path) : null;
      if (fit === null) continue;
      try {
        return await route.run({ ...request, subject: decodeURIComponent(fit[1] ?? '') });
      } catch (error) {
        return refuse(error);
      }
    }
    return jsonAnswer(404, { error: `unknown route: ${request.method} /__sim${request.path}` });
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
      run: ({ query }) => ok(shownDeliveries(ofMessage(conversation.deliveries(), query), query)),
    },
    { method: 'GET', path: /^\/requests$/, run: ({ query }) => ok(ofMessage(journal.entries(), query)) },
    { method: 'GET', path: /^\/callbacks$/, run: () => ok(webhook.calls()) },
    { method: 'POST', path: /^\/callbacks$/, run: (request) => sendCallback(world, request) },
    { method: 'POST', path: /^\/customers\/([^/]+)\/messages$/, run: (request) => writeIn(world, request) },
    { method: 'POST', path: /^\/customers\/messages$/, run: (request) => writeInTogether(world, request) },
    {
      method: 'POST',
      path: /^\/customers\/([^/]+)\/flow-replies$/,
      run: (request) => replyToFlow(world, request),
    },
    {
      method: 'POST',
      path: /^\/templates\/([^/]+)\/status$/,
      run: (request) => reportTemplate(world, request),
    },
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

/** Without the secrets: the keys, and the webhook's URL, since its path contains one. */
function shownSettings(world: World): object {
  const { apiKeys, apiKeysByNumber, webhookUrl, ...shown } = world.settings.current();
  const ownKeys = Object.keys(apiKeysByNumber).length;
  return {
    ...shown,
    apiKeys: apiKeys.length,
    numbersWithOwnKey: ownKeys,
    webhookUrlSet: webhookUrl !== null,
  };
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
  return jsonAnswer(400, { error: 'the request is invalid', fields });
}

function fieldOf(issue: z.core.$ZodIssue): string {
  const names = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys.join(',')] : issue.path;
  return names.join('.') || 'body';
}
