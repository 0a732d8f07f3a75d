import type { ClaimTerms } from '../messages/claim.ts';
import { type Message, type MessageId, pairOf } from '../messages/message.ts';
import type { MessageStore } from '../messages/ports.ts';
import type { Lane } from '../messages/recipient-queue.ts';
import { enqueuedAgain, expired, isOverdue, lookedAt } from '../messages/waiting.ts';
import type { Chance, Clock, Secret, Stored } from '../platform/ports.ts';
import { amend } from '../platform/update-with-retry.ts';
import type { SessionStore } from '../sessions/ports.ts';
import { hasOptedOut, isOpen } from '../whatsapp/session-window.ts';
import { readAhead } from './attempt.ts';
import type { SendFlow, Unattended } from './send-flow.ts';
import type { Inviter } from './send-template.ts';

/*
 * What the sweeper does with one message whose time has come:
 *
 * - parked past its time: it expires; else a look at its window, its template message and its customer's word;
 * - queued, and the worker did not come: enqueued again;
 * - anything else goes the way of a caller's repeat.
 */

export interface SweepMessageDeps {
  readonly messages: MessageStore;
  readonly sessions: SessionStore;
  readonly apiKey: Secret;
  readonly sendFlow: SendFlow;
  readonly inviter: Inviter;
  readonly lane: Lane;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly terms: Omit<ClaimTerms, 'owner' | 'now'>;
  readonly sessionMarginSeconds: number;
}

export function makeSweepMessage(deps: SweepMessageDeps) {
  const { messages, sessions, sendFlow, inviter, lane, clock } = deps;

  /** True if there was something to do. */
  return async function sweepMessage(messageId: MessageId, run: Unattended): Promise<boolean> {
    const stored = await messages.get(messageId);
    if (!stored?.value.dueAt || stored.value.dueAt > clock.now()) return false;
    if (stored.value.status === 'parked') await lookAt(stored, run);
    else if (stored.value.status === 'queued') await enqueueAgain(stored);
    else await sendFlow.resume(stored, run);
    return true;
  };

  async function lookAt(parked: Stored<Message>, run: Unattended): Promise<void> {
    const pair = pairOf(parked.value);
    const now = clock.now();
    if (isOverdue(parked.value, now)) {
      await amend(messages, parked, (m) => expired(m, now));
      return lane.releaseNext(pair);
    }
    const session = (await sessions.get(pair))?.value;
    if (hasOptedOut(session)) return lane.cancelAll(pair, run.correlationId);
    const open = isOpen(session, now, deps.sessionMarginSeconds);
    const terms: ClaimTerms = { ...deps.terms, owner: deps.chance.uuid(), now };
    const errand = { ...run, request: undefined, terms, ahead: readAhead(deps, pair) };
    const { invited } = open ? { invited: parked } : await inviter.invite(parked, errand);
    await amend(messages, invited, (m) => lookedAt(m, now, open));
    await lane.releaseNext(pair);
  }

  async function enqueueAgain(queued: Stored<Message>): Promise<void> {
    const now = clock.now();
    const again = await amend(messages, queued, (m) => enqueuedAgain(m, now));
    if (again?.value.status === 'queued') await lane.wakeWorker(queued.value.messageId, now);
  }
}
