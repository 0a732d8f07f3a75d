import { type ClaimTerms, decideClaim, fenceOf, holds, newClaim, takenOver } from '../domain/claim.ts';
import { AppError } from '../domain/errors.ts';
import { isProven } from '../domain/ladder.ts';
import {
  type Answer,
  type FlowRequest,
  fingerprint,
  type Message,
  type MessageId,
  pairOf,
} from '../domain/message.ts';
import { type Receipt, receiptOf } from '../domain/receipt.ts';
import { standingUnknown } from '../domain/settlement.ts';
import type {
  Chance,
  Clock,
  MessageStore,
  Secret,
  SessionStore,
  Stored,
  Telemetry,
  Written,
} from '../ports.ts';
import { amend } from './amend.ts';
import type { Carrier } from './carry-out.ts';
import { type CarriedOut, type Errand, readAhead } from './errand.ts';
import type { Settler } from './settle.ts';

/*
 * One send, in order:
 *
 * 1. claim the messageId by a conditional write, with the session read and the apiKey on the way beside it;
 * 2. if it is stored already, compare the payload and decide: replay, wait, take over, conclude, stand unknown;
 * 3. if it is ours, carry it out: window, dispatch (`carry-out.ts`), settle (`settle.ts`);
 * 4. answer from what is stored in the end.
 *
 * The sweeper enters at 2 with the stored request in hand; every rule is the same for it.
 */

export interface SendCommand {
  readonly request: FlowRequest;
  readonly clientId: string;
  /** May see other clients' messages: IAM callers, and clients with the scope `admin`. */
  readonly seesAll: boolean;
  readonly correlationId: string;
  /** When the invocation has to be over. */
  readonly deadlineAt: Date;
}

export type SendResult =
  | {
      readonly kind: 'sent';
      readonly messageId: MessageId;
      readonly body: string;
      readonly replayed: boolean;
    }
  /** Accepted, but not settled: poll it, or wait for its events. */
  | { readonly kind: 'pending'; readonly messageId: MessageId; readonly receipt: Receipt };

export interface SendFlowDeps {
  readonly messages: MessageStore;
  readonly sessions: SessionStore;
  readonly apiKey: Secret;
  readonly carrier: Carrier;
  readonly settler: Settler;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly telemetry: Telemetry;
  readonly terms: Omit<ClaimTerms, 'owner' | 'now'>;
}

/** How often a message may change under our eyes before the caller is told to come back. */
const MEETINGS = 5;

export function makeSendFlow(deps: SendFlowDeps) {
  const { messages, carrier, settler, clock, telemetry } = deps;
  const termsNow = (): ClaimTerms => ({ ...deps.terms, owner: deps.chance.uuid(), now: clock.now() });

  /** A caller's request. Throws an AppError for every answer that is a problem. */
  async function send(command: SendCommand): Promise<SendResult> {
    const terms = termsNow();
    const claim = newClaim(command.request, command.clientId, terms);
    const ahead = readAhead(deps, pairOf(claim));
    const claimed = await messages.create(claim).catch((fault) => recover(claim, fault));
    const errand: Errand = { ...command, terms, ahead, source: 'caller' };
    if (claimed.done)
      return afterwards(errand, await carrier.carryOut(claimed.stored, errand, { mayHaveLeft: false }));
    if (!claimed.stored) throw busy(1);
    assertSamePayload(claimed.stored.value, command);
    return meet(claimed.stored, errand);
  }

  /** What a crash left, or what nobody could tell: the sweeper's way in. True if there was something to do. */
  async function resume(
    messageId: MessageId,
    run: { correlationId: string; deadlineAt: Date },
  ): Promise<boolean> {
    const stored = await messages.get(messageId);
    if (!stored?.value.dueAt || stored.value.dueAt > clock.now()) return false;
    const ahead = readAhead(deps, pairOf(stored.value));
    await meet(stored, {
      ...run,
      request: stored.value.request,
      terms: termsNow(),
      ahead,
      source: 'sweeper',
    });
    return true;
  }

  /** A callback may have proved it while we were at it; then it lacks its answer, and there is one more decision. */
  async function afterwards(errand: Errand, carried: CarriedOut): Promise<SendResult> {
    const { answer, status, messageId } = carried.message;
    const stored = !answer && isProven(status) ? await messages.get(messageId) : undefined;
    return stored ? meet(stored, errand) : conclusion(carried);
  }

  /** The store failed while it took the claim. If it has it all the same, the claim is ours: go on. */
  async function recover(claim: Message, fault: unknown): Promise<Written<Message>> {
    const stored = await messages.get(claim.messageId);
    if (!stored || !holds(fenceOf(claim), stored.value)) throw fault;
    return { done: true, stored };
  }

  async function meet(found: Stored<Message>, errand: Errand): Promise<SendResult> {
    let stored = found;
    for (let meetings = 0; meetings < MEETINGS; meetings += 1) {
      const decision = decideClaim(stored.value, errand.terms);
      switch (decision.kind) {
        case 'replay':
          return replay(stored.value.messageId, decision.answer, true);
        case 'inProgress':
          throw busy(decision.retryAfter);
        case 'conclude':
          return conclusion(await settler.conclude(stored, errand));
        case 'standUnknown': {
          const { now } = errand.terms;
          const reason = stored.value.reason ?? 'the request may have left and nobody could tell';
          const standing = await amend(messages, stored, (m) =>
            decideClaim(m, errand.terms).kind === 'standUnknown' ? standingUnknown(m, { now, reason }) : m,
          );
          if (!standing) throw busy(1);
          if (standing.value.status === 'unknown')
            return conclusion({ message: standing.value, fresh: false });
          stored = standing;
          break;
        }
        case 'ours':
          return afterwards(errand, await carrier.carryOut(stored, errand, decision));
        case 'takeOver': {
          const { mayHaveLeft } = decision;
          telemetry.warn('claim.taken-over', { messageId: stored.value.messageId, mayHaveLeft });
          const written = await messages.replace(stored, takenOver(stored.value, errand.terms));
          if (written.done)
            return afterwards(errand, await carrier.carryOut(written.stored, errand, { mayHaveLeft }));
          if (!written.stored) throw busy(1);
          stored = written.stored;
        }
      }
    }
    throw busy(1);
  }

  return { send, resume };
}

function assertSamePayload(stored: Message, { request, clientId, seesAll }: SendCommand): void {
  const own = seesAll || stored.clientId === clientId;
  if (own && stored.fingerprint === fingerprint(request)) return;
  throw new AppError(
    'message-id-reused',
    'This messageId belongs to another request. Use a new one for a new message.',
  );
}

function conclusion({ message, fresh }: { readonly message: Message; readonly fresh: boolean }): SendResult {
  const { messageId, answer, status, lease } = message;
  if (answer) return replay(messageId, answer, !fresh);
  if (status === 'sending' && lease) throw busy(1);
  return { kind: 'pending', messageId, receipt: receiptOf(message, { session: null, gateway: null }) };
}

function replay(messageId: MessageId, answer: Answer, replayed: boolean): SendResult {
  if (answer.kind === 'sent') return { kind: 'sent', messageId, body: answer.body, replayed };
  const circumstances = replayed ? { replayOf: answer.correlationId } : {};
  throw new AppError('gateway-rejected', answer.detail, circumstances);
}

function busy(retryAfter: number): AppError {
  return new AppError('send-in-progress', 'This messageId is being sent. Ask again in a moment.', {
    retryAfter,
  });
}
