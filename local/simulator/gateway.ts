import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { breakDown } from './breakages.ts';
import { codedRefusal } from './codes.ts';
import type { Delivery } from './conversation.ts';
import {
  duplicateMessageId,
  envelope,
  frameworkError,
  invalidCredentials,
  receipt,
  requestFailed,
  sessionClosed,
} from './envelope.ts';
import { invent, isInvention } from './fault-responses.ts';
import { type Answer, jsonAnswer, sendAnswer } from './http.ts';
import type { Call, Entry, Outcome } from './journal.ts';
import { readSend, type Send, type SendKind, templateName } from './messages.ts';
import type { World } from './world.ts';

const sendPaths: Record<string, SendKind> = {
  '/whatsapp/interactive/flows': 'flow',
  '/whatsapp/template': 'template',
  '/whatsapp/message/text': 'text',
};

type Decision = {
  answer: Answer;
  outcome: Outcome;
  reason?: string;
  deduplicated?: boolean;
  delivery?: Delivery;
};

/** LipaChat's own paths, with any pending fault for the request. */
export function createGateway(world: World) {
  const decide = createDecide(world);

  return async (call: Call, response: ServerResponse): Promise<void> => {
    const entry = world.journal.record(call);
    const settle = () => settleCall({ world, entry, decide: () => decide(call) });
    const fault = world.faults.take(entry);
    if (fault === undefined) return sendAnswer(response, await settle());
    entry.fault = fault.kind;
    if (!isInvention(fault)) return breakDown(fault, { response, settle, signal: world.signal });
    if ('accepted' in fault && fault.accepted) await settle();
    sendAnswer(response, invent(fault, { now: world.now(), entry }));
  };
}

/** Does the gateway's work for one request and records it. The caller sends the response, or breaks it. */
async function settleCall(step: { world: World; entry: Entry; decide: () => Decision }): Promise<Answer> {
  const { world, entry } = step;
  const decision = step.decide();
  entry.outcome = decision.outcome;
  entry.deduplicated = decision.deduplicated ?? false;
  entry.reason = decision.reason ?? null;
  if (decision.delivery !== undefined) await world.callbacks.announce(decision.delivery);
  const { latencyMs } = world.settings.current();
  if (latencyMs > 0) await sleep(latencyMs, undefined, { signal: world.signal });
  return decision.answer;
}

/** Decides and delivers in one synchronous step, so two requests with one id can't both find it new. */
function createDecide({ settings, conversation, now }: World) {
  return (call: Call): Decision => {
    if (!call.apiKeyRight) {
      const { invalidCredentialsStatus } = settings.current();
      const answer = jsonAnswer(invalidCredentialsStatus, invalidCredentials(now()));
      return { outcome: 'invalid-credentials', answer };
    }
    if (call.method === 'GET' && call.path === '/whatsapp/message') return list(call.query);
    const kind = sendPaths[call.path];
    if (call.method === 'POST' && kind !== undefined) return decideBody(kind, call);
    const answer = jsonAnswer(404, frameworkError(now(), 404, 'Not Found', `/api/v1${call.path}`));
    return { outcome: 'not-found', answer };
  };

  function decideBody(kind: SendKind, call: Call): Decision {
    const isJson = /^application\/json\b/i.test(call.headers['content-type'] ?? '');
    const read = isJson ? readSend(kind, call.body) : { reason: 'content-type: must be application/json' };
    if ('send' in read) return decideSend(read.send);
    return { outcome: 'refused', reason: read.reason, answer: jsonAnswer(400, requestFailed(now())) };
  }

  function decideSend(send: Send): Decision {
    const { duplicateAnswer, enforceSessions, sessionClosedStatus } = settings.current();
    const before = conversation.find(send.messageId);
    if (before !== undefined && duplicateAnswer !== 'send-again') return repeat(before);
    const needsSession = enforceSessions && send.kind !== 'template';
    if (needsSession && !conversation.isOpen(send.from, send.to)) {
      return { outcome: 'session-closed', answer: jsonAnswer(sessionClosedStatus, sessionClosed(now())) };
    }
    if (send.kind === 'template' && !isApproved(send)) return refuseTemplate(send);
    const delivery = conversation.deliver(send);
    return { outcome: 'accepted', answer: receiptAnswer(delivery), delivery };
  }

  function isApproved({ body }: Send): boolean {
    const { templates } = settings.current();
    return templates === null || templates.includes(templateName(body) ?? '');
  }

  function refuseTemplate(send: Send): Decision {
    const refusal = { code: 132001, place: 'message', httpStatus: 400 } as const;
    const answer = codedRefusal(refusal, { now: now(), ...send });
    return { outcome: 'refused', reason: 'template.name: not approved', answer };
  }

  function repeat(before: Delivery): Decision {
    const { duplicateAnswer, duplicateErrorStatus } = settings.current();
    const answer =
      duplicateAnswer === 'error'
        ? jsonAnswer(duplicateErrorStatus, duplicateMessageId(now()))
        : receiptAnswer(before);
    return { outcome: 'deduplicated', deduplicated: true, answer };
  }

  function receiptAnswer(delivery: Delivery): Answer {
    return jsonAnswer(200, envelope(now(), { data: receipt(delivery) }));
  }

  /** Newest first. `page` counts from 0, as in Spring (not documented). */
  function list(query: URLSearchParams): Decision {
    const page = Number(query.get('page') ?? 0);
    const size = Number(query.get('size') ?? 20);
    if (!Number.isInteger(page) || !Number.isInteger(size) || page < 0 || size < 1 || size > 1000) {
      return { outcome: 'refused', reason: 'page or size', answer: jsonAnswer(400, requestFailed(now())) };
    }
    const all = conversation.deliveries().toReversed();
    const data = all.slice(page * size, (page + 1) * size).map(listed);
    return { outcome: 'listed', answer: jsonAnswer(200, { data, totalPages: Math.ceil(all.length / size) }) };
  }
}

function listed({ messageId, waId, to, from, kind, status, at }: Delivery): object {
  return { messageId, waId, to, from, type: kind.toUpperCase(), status, createdAt: at };
}
