import type { NewId } from '../messages/gateway-message-id.ts';
import { type ClaimTerms, fenceOf, holds } from '../messages/lease.ts';
import { type FirstStatus, newMessage } from '../messages/lifecycle.ts';
import { type FlowRequest, fingerprint, isSameRequest, type Message, pairOf } from '../messages/message.ts';
import { namespaced } from '../messages/namespaced.ts';
import type { RecipientQueue } from '../messages/recipient-queue.ts';
import { assertMayUse, type Caller } from '../platform/caller.ts';
import { AppError } from '../platform/errors.ts';
import type { Clock, Random, Stored, Written } from '../platform/ports.ts';
import type { People } from '../sessions/people.ts';
import type { ErasedOptOutStore } from '../sessions/ports.ts';
import { isUserId } from '../whatsapp/customer.ts';
import type { Pair } from '../whatsapp/phone.ts';
import { hasOptedOut, isOpen } from '../whatsapp/session-window.ts';
import type { Attempt, BackgroundRun, SendResult } from './attempt.ts';
import { makeReadingAhead, type ReadAhead, type ReadAheadDeps, sessionFor } from './read-ahead.ts';
import { makeAssertRecipient, type RecipientDeps } from './recipient.ts';
import { busy, makeResolveExisting, type ResolveExistingDeps, reused } from './resolve-existing.ts';
import { assertTimeForSend } from './settle.ts';
import type { WindowClosed } from './window-closed.ts';
import { makeWork } from './work.ts';

/*
 * Sends one flow, in this order:
 *
 * 1. Claim the messageId with a conditional write. Meanwhile read the session and the apiKey. A request that may
 *    wait for its customer reads the session first: while the window is shut, its claim parks it
 *    (`window-closed.ts`), and that is all.
 * 2. If the messageId is already stored, compare the payloads and resolve it (`resolve-existing.ts`).
 * 3. If the claim is ours, deliver it: opt-out, session window, dispatch (`deliver.ts`), settle
 *    (`settle.ts`).
 * 4. Respond from what is stored in the end.
 *
 * With `respond-async` the message is stored as queued, and the caller gets a 202. A worker continues with
 * `work` (`work.ts`), as it does with a parked flow once its customer has written. The sweeper enters at step 2 with
 * `resume` (`sweep-message.ts`). The rules are the same for all three.
 */

/** In a namespace, the message gets a key derived from the namespace's. */
export interface SendCommand extends Caller {
  readonly request: FlowRequest;
  /** No numbering plan has the recipient's number, so the customer must have written first. */
  readonly isUnusual?: boolean | undefined;
  /** Respond with a 202 at once; a worker sends the message. */
  readonly respondAsync: boolean;
  readonly correlationId: string;
  /** When the invocation has to end. */
  readonly deadlineAt: Date;
}

export interface SendFlowDeps extends ResolveExistingDeps, RecipientDeps, ReadAheadDeps {
  readonly people: Pick<People, 'personOf'>;
  readonly newId: () => NewId;
  readonly erasedOptOuts: ErasedOptOutStore;
  readonly windowClosed: Pick<WindowClosed, 'afterParking'>;
  readonly recipientQueue: RecipientQueue;
  readonly clock: Clock;
  readonly random: Random;
  readonly terms: Omit<ClaimTerms, 'owner' | 'now'>;
  readonly sessionMarginSeconds: number;
}

export type SendFlow = ReturnType<typeof makeSendFlow>;

export function makeSendFlow(deps: SendFlowDeps) {
  const { messages, deliver, windowClosed, recipientQueue, clock } = deps;
  const readingAhead = makeReadingAhead(deps);
  const { resolveExisting, resolveProven } = makeResolveExisting(deps);
  const assertRecipient = makeAssertRecipient(deps);
  const termsNow = (): ClaimTerms => ({ ...deps.terms, owner: deps.random.uuid(), now: clock.now() });

  /** Sends a caller's request. Throws an AppError if the answer is a problem. */
  async function send(given: SendCommand): Promise<SendResult> {
    assertMayUse(given, given.request.from);
    const terms = termsNow();
    const { request, own } = namespaced(given.request, given.namespaceKey);
    const command = { ...given, request };
    const { clientId, respondAsync } = command;
    assertTimeForSend(command, terms.now);
    const known = await knownPerson(command);
    const pair = pairOf({ ...request, ...known });
    const claimAs = (first: FirstStatus) => {
      const claiming = { request, clientId, terms, templateId: deps.newId() };
      const claim = { ...newMessage(first, claiming), ...own, ...known };
      return { claim, claiming: messages.create(claim).catch((fault) => recover(claim, fault)) };
    };
    const mayPark = !respondAsync && request.whenClosed !== 'reject';
    // The write is slower than the reads, so it starts first, unless it depends on them.
    const early = mayPark ? undefined : claimAs(respondAsync ? 'accepted' : 'claimed');
    return await readingAhead(pair, async (ahead) => {
      const { claim, claiming } = early ?? claimAs((await isShut(pair, ahead)) ? 'parked' : 'claimed');
      return continueWith(await claiming, claim, { ...command, terms, ahead, source: 'caller' });
    });
  }

  /** Is the window shut, and may the customer still get a template message? After a fault, `deliver` reads it again. */
  async function isShut(pair: Pair, ahead: ReadAhead): Promise<boolean> {
    const session = await sessionFor(pair, { ...deps, ahead }).catch(() => undefined);
    return (
      session !== undefined &&
      !hasOptedOut(session) &&
      !isOpen(session, clock.now(), deps.sessionMarginSeconds)
    );
  }

  /** Reads only for a user id, and for a number that no numbering plan has. */
  async function knownPerson({ request, isUnusual }: SendCommand): Promise<Pick<Message, 'customer'>> {
    if (!isUnusual && !isUserId(request.to)) return {};
    await assertRecipient(request);
    const { customer } = await deps.people.personOf(pairOf(request));
    return isUserId(customer) || customer === request.to ? {} : { customer };
  }

  async function continueWith(
    claimed: Written<Message>,
    claim: Message,
    attempt: SendCommand & Attempt,
  ): Promise<SendResult> {
    if (!claimed.done) {
      if (!claimed.stored) throw busy(1);
      assertSamePayload(claimed.stored.value, attempt);
      return answered(await resolveExisting(claimed.stored, attempt));
    }
    if (attempt.respondAsync) {
      await recipientQueue.enqueue(claim, attempt.terms.now);
      return { message: claim, fresh: true };
    }
    const result =
      claim.status === 'parked'
        ? await windowClosed.afterParking(claimed.stored, attempt)
        : await deliver(claimed.stored, attempt, { mayHaveLeft: false });
    return answered(result.message.answer ? result : await resolveProven(result, attempt));
  }

  /** Resolves a message that a crash left, or one with an unknown outcome, for the sweeper. */
  async function resume(stored: Stored<Message>, run: BackgroundRun): Promise<void> {
    await readingAhead(pairOf(stored.value), (ahead) =>
      resolveExisting(stored, { ...run, request: undefined, terms: termsNow(), ahead }),
    );
  }

  /** The store failed during the claim. Continues if the claim was stored nevertheless. */
  async function recover(claim: Message, fault: unknown): Promise<Written<Message>> {
    const stored = await messages.get(claim.messageId);
    if (!stored || !isStored(claim, stored.value)) throw fault;
    return { done: true, stored };
  }

  const work = makeWork({ ...deps, readingAhead, resolveProven, resume, termsNow });

  return { send, work, resume };
}

/** Is this the claim that we wrote? One without a lease may be an equal request's of the same moment: both report it. */
function isStored(claim: Message, stored: Message): boolean {
  if (claim.lease) return holds(fenceOf(claim), stored);
  return isSameRequest(claim, stored) && claim.createdAt.getTime() === stored.createdAt.getTime();
}

function assertSamePayload(stored: Message, { request, clientId, seesAll }: SendCommand): void {
  const own = seesAll || stored.clientId === clientId;
  if (own && stored.fingerprint === fingerprint(request)) return;
  throw reused();
}

/** Returns the result, or throws if it is a problem for the caller. */
function answered(result: SendResult): SendResult {
  const { answer, status, lease } = result.message;
  if (answer?.kind === 'rejected') {
    const { code, detail, title, correlationId } = answer;
    throw new AppError(code, detail, result.fresh ? {} : { title, replayOf: correlationId });
  }
  if (!answer && status === 'sending' && lease) throw busy(1);
  return result;
}
