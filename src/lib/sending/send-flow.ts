import { type ClaimTerms, decideClaim, fenceOf, holds } from '../messages/claim.ts';
import { newMessage, transition } from '../messages/lifecycle.ts';
import {
  type FlowRequest,
  fingerprint,
  isSameRequest,
  type Message,
  type MessageId,
  pairOf,
} from '../messages/message.ts';
import type { MessageStore } from '../messages/ports.ts';
import type { RecipientQueue } from '../messages/recipient-queue.ts';
import { isTooEarly } from '../messages/retry.ts';
import { isProven } from '../messages/status.ts';
import type { Clock, Random, Secret, Stored, Telemetry, Written } from '../platform/ports.ts';
import { updateWithRetry } from '../platform/update-with-retry.ts';
import type { SessionStore } from '../sessions/ports.ts';
import { type Attempt, type AttemptResult, readAhead } from './attempt.ts';
import type { Deliver } from './deliver.ts';
import { busy, replay, resultOf, reused, type SendResult } from './send-result.ts';
import type { Settler } from './settle.ts';

/*
 * One send, in order:
 *
 * 1. claim the messageId by a conditional write, with the session read and the apiKey on the way beside it;
 * 2. if it is stored already, compare the payload and decide: replay, report, wait, take over, conclude, stand
 *    unknown;
 * 3. if it is ours, carry it out: opt-out, window, dispatch (`carry-out.ts`), settle (`settle.ts`);
 * 4. answer from what is stored in the end.
 *
 * With `respond-async` the claim is queued and answered at once; the worker enters with `work`. The sweeper
 * enters at 2 with the stored request in hand (`sweep-message.ts`); every rule is the same for all of them.
 */

export interface SendCommand {
  readonly request: FlowRequest;
  readonly clientId: string;
  /** May see other clients' messages: IAM callers, and clients with the scope `admin`. */
  readonly seesAll: boolean;
  /** Answer at once; a worker sends it. */
  readonly respondAsync: boolean;
  readonly correlationId: string;
  /** When the invocation has to be over. */
  readonly deadlineAt: Date;
}

export interface SendFlowDeps {
  readonly messages: MessageStore;
  readonly sessions: SessionStore;
  readonly apiKey: Secret;
  readonly deliver: Deliver;
  readonly settler: Settler;
  readonly recipientQueue: RecipientQueue;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly terms: Omit<ClaimTerms, 'owner' | 'now'>;
}

export type SendFlow = ReturnType<typeof makeSendFlow>;

/** Whom an invocation serves that no caller waits for. */
export interface BackgroundRun {
  readonly correlationId: string;
  readonly deadlineAt: Date;
  readonly source: 'worker' | 'sweeper';
}

/** How often a message may change under our eyes before the caller is told to come back. */
const MAX_ATTEMPTS = 5;

export function makeSendFlow(deps: SendFlowDeps) {
  const { messages, deliver, settler, recipientQueue, clock, telemetry } = deps;
  const termsNow = (): ClaimTerms => ({ ...deps.terms, owner: deps.random.uuid(), now: clock.now() });

  /** A caller's request. Throws an AppError for every answer that is a problem. */
  async function send(command: SendCommand): Promise<SendResult> {
    const terms = termsNow();
    const { request, clientId, respondAsync } = command;
    const claim = newMessage(respondAsync ? 'accepted' : 'claimed', { request, clientId, terms });
    // The write is the slower one: it leaves first.
    const claiming = messages.create(claim).catch((fault) => recover(claim, fault));
    const ahead = readAhead(deps, pairOf(claim));
    const claimed = await claiming;
    const attempt: Attempt = { ...command, terms, ahead, source: 'caller' };
    if (claimed.done && respondAsync) {
      await recipientQueue.enqueue(claim.messageId, terms.now);
      return resultOf({ message: claim, fresh: true });
    }
    if (claimed.done)
      return afterwards(attempt, await deliver(claimed.stored, attempt, { mayHaveLeft: false }));
    if (!claimed.stored) throw busy(1);
    assertSamePayload(claimed.stored.value, command);
    return resolveExisting(claimed.stored, attempt);
  }

  /** A queued message, by the worker. Throws where it is worth coming back; says nothing where there is nothing to do. */
  async function work(messageId: MessageId, run: BackgroundRun): Promise<void> {
    const stored = await messages.get(messageId);
    if (stored?.value.status !== 'queued' || isTooEarly(stored.value, clock.now())) return;
    const { parkedUntil } = stored.value;
    const ahead = readAhead(deps, pairOf(stored.value));
    const paceUntil = (await ahead.session())?.value.paceUntil;
    if (parkedUntil && paceUntil && paceUntil > clock.now()) {
      await recipientQueue.enqueue(messageId, paceUntil);
      return;
    }
    const terms = termsNow();
    const taken = await messages.replace(stored, transition(stored.value, 'takenOver', terms));
    if (!taken.done) return;
    await deliver(taken.stored, { ...run, request: undefined, terms, ahead }, { mayHaveLeft: false });
  }

  /** What a crash left, or what nobody could tell, by the sweeper. */
  async function resume(stored: Stored<Message>, run: BackgroundRun): Promise<void> {
    const ahead = readAhead(deps, pairOf(stored.value));
    await resolveExisting(stored, { ...run, request: undefined, terms: termsNow(), ahead });
  }

  /** A callback may have proved it while we were at it; then it lacks its answer, and there is one more decision. */
  async function afterwards(attempt: Attempt, carried: AttemptResult): Promise<SendResult> {
    const { answer, status, messageId } = carried.message;
    const stored = !answer && isProven(status) ? await messages.get(messageId) : undefined;
    const isStill = stored && isSameRequest(stored.value, carried.message);
    return isStill ? resolveExisting(stored, attempt) : resultOf(carried);
  }

  /** The store failed while it took the claim. If it has it all the same, the claim is ours: go on. */
  async function recover(claim: Message, fault: unknown): Promise<Written<Message>> {
    const stored = await messages.get(claim.messageId);
    if (!stored || !holds(fenceOf(claim), stored.value)) throw fault;
    return { done: true, stored };
  }

  async function resolveExisting(found: Stored<Message>, attempt: Attempt): Promise<SendResult> {
    let stored = found;
    for (let tries = 0; tries < MAX_ATTEMPTS; tries += 1) {
      if (!isSameRequest(stored.value, found.value)) throw reused();
      const decision = decideClaim(stored.value, attempt.terms);
      switch (decision.kind) {
        case 'replay':
          return replay(stored.value.messageId, decision.answer, true);
        case 'report':
          return resultOf({ message: stored.value, fresh: false });
        case 'inProgress':
          throw busy(decision.retryAfter);
        case 'finalize':
          return resultOf(await settler.finalize(stored, attempt));
        case 'markUnknown': {
          const { terms } = attempt;
          const reason = stored.value.reason ?? 'the request may have left and nobody could tell';
          const standing = await updateWithRetry(messages, stored, (m) =>
            isSameRequest(m, found.value)
              ? transition(m, 'repeatForbidden', { terms, now: terms.now, reason })
              : m,
          );
          if (!standing) throw busy(1);
          if (isSameRequest(standing.value, found.value) && standing.value.status === 'unknown')
            return resultOf({ message: standing.value, fresh: false });
          stored = standing;
          break;
        }
        case 'ours':
          return afterwards(attempt, await deliver(stored, attempt, decision));
        case 'takeOver': {
          const { mayHaveLeft } = decision;
          telemetry.warn('claim.taken-over', { messageId: stored.value.messageId, mayHaveLeft });
          const written = await messages.replace(
            stored,
            transition(stored.value, 'takenOver', attempt.terms),
          );
          if (written.done)
            return afterwards(attempt, await deliver(written.stored, attempt, { mayHaveLeft }));
          if (!written.stored) throw busy(1);
          stored = written.stored;
        }
      }
    }
    throw busy(1);
  }

  return { send, work, resume };
}

function assertSamePayload(stored: Message, { request, clientId, seesAll }: SendCommand): void {
  const own = seesAll || stored.clientId === clientId;
  if (own && stored.fingerprint === fingerprint(request)) return;
  throw reused();
}
