import { decideClaim } from '../messages/lease.ts';
import { transition } from '../messages/lifecycle.ts';
import { isSameRequest, type Message } from '../messages/message.ts';
import type { MessageStore } from '../messages/ports.ts';
import { isProven } from '../messages/status.ts';
import { AppError } from '../platform/errors.ts';
import type { Stored, Telemetry } from '../platform/ports.ts';
import { updateWithRetry } from '../platform/update-with-retry.ts';
import type { Attempt, SendResult } from './attempt.ts';
import type { Deliver } from './deliver.ts';
import type { Settler } from './settle.ts';

/*
 * Resolves a message that is already stored (`decideClaim` has the rules): replay its answer, report its
 * status, ask the caller to wait, take over a claim that a crash left, store an answer that a callback
 * proved, or mark it unknown. Each step is one conditional write. If another writer was faster, decide again
 * on what is stored by then.
 */

export interface ResolveExistingDeps {
  readonly messages: MessageStore;
  readonly deliver: Deliver;
  readonly settler: Settler;
  readonly telemetry: Telemetry;
}

export type ResolveExisting = ReturnType<typeof makeResolveExisting>;

/** How often the message may change meanwhile before the caller has to ask again. */
const MAX_ATTEMPTS = 5;

export function makeResolveExisting({ messages, deliver, settler, telemetry }: ResolveExistingDeps) {
  async function resolveExisting(found: Stored<Message>, attempt: Attempt): Promise<SendResult> {
    let stored = found;
    for (let tries = 0; tries < MAX_ATTEMPTS; tries += 1) {
      if (!isSameRequest(stored.value, found.value)) throw reused();
      const next = await step(stored, attempt);
      if ('message' in next) return next;
      stored = next;
    }
    throw busy(1);
  }

  /** Acts on one decision. Returns the result, or what another writer stored meanwhile. */
  async function step(stored: Stored<Message>, attempt: Attempt): Promise<SendResult | Stored<Message>> {
    // A resend may be under way: the caller still gets the answer that was stored first.
    if (attempt.source === 'caller' && stored.value.answer) return { message: stored.value, fresh: false };
    const decision = decideClaim(stored.value, attempt.terms);
    switch (decision.kind) {
      case 'replay':
      case 'report':
        return { message: stored.value, fresh: false };
      case 'inProgress':
        throw busy(decision.retryAfter);
      case 'finalize':
        return settler.finalize(stored, attempt);
      case 'markUnknown':
        return markUnknown(stored, attempt);
      case 'ours':
        return resolveProven(await deliver(stored, attempt, decision), attempt);
      case 'takeOver': {
        const { mayHaveLeft } = decision;
        telemetry.warn('claim.taken-over', { messageId: stored.value.messageId, mayHaveLeft });
        const taken = await messages.replace(stored, transition(stored.value, 'takenOver', attempt.terms));
        if (taken.done) return resolveProven(await deliver(taken.stored, attempt, { mayHaveLeft }), attempt);
        if (!taken.stored) throw busy(1);
        return taken.stored;
      }
    }
  }

  async function markUnknown(
    stored: Stored<Message>,
    { terms }: Attempt,
  ): Promise<SendResult | Stored<Message>> {
    const reason =
      stored.value.reason ?? 'the request may have reached LipaChat, and nothing proves the outcome';
    const marked = await updateWithRetry(messages, stored, (m) =>
      isSameRequest(m, stored.value)
        ? transition(m, 'repeatForbidden', { terms, now: terms.now, reason })
        : m,
    );
    if (!marked) throw busy(1);
    const isUnknown = isSameRequest(marked.value, stored.value) && marked.value.status === 'unknown';
    return isUnknown ? { message: marked.value, fresh: false } : marked;
  }

  /** A callback may have proved the outcome during the delivery, so it is not settled: decide again. */
  async function resolveProven(result: SendResult, attempt: Attempt): Promise<SendResult> {
    const { answer, lease, status, messageId } = result.message;
    if ((answer && !lease) || !isProven(status)) return result;
    const stored = await messages.get(messageId);
    return stored && isSameRequest(stored.value, result.message) ? resolveExisting(stored, attempt) : result;
  }

  return { resolveExisting, resolveProven };
}

/** Another payload or another client has this messageId. */
export function reused(): AppError {
  const detail = 'This messageId belongs to a different request. Use a new messageId for each message.';
  return new AppError('message-id-reused', detail);
}

/** Another attempt holds the message, for `retryAfter` seconds at most. */
export function busy(retryAfter: number): AppError {
  const detail = 'Another request is sending this messageId. Wait, then repeat the request.';
  return new AppError('send-in-progress', detail, { retryAfter });
}
