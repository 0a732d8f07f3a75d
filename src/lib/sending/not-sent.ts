import type { Release } from '../lipachat/verdict.ts';
import { pauseBefore } from '../messages/backoff.ts';
import { fenceOf, isFresh, undispatched } from '../messages/lease.ts';
import { transition } from '../messages/lifecycle.ts';
import { isSameRequest, type Message, type RejectionCode } from '../messages/message.ts';
import type { MessageStore } from '../messages/ports.ts';
import type { RecipientQueue } from '../messages/recipient-queue.ts';
import { AppError } from '../platform/errors.ts';
import type { Clock, Stored, Telemetry } from '../platform/ports.ts';
import { withoutNumbers } from '../platform/text.ts';
import { updateWithRetry } from '../platform/update-with-retry.ts';
import { ERROR_CLASS_TEXTS } from '../whatsapp/error-code-texts.ts';
import type { Attempt, SendResult } from './attempt.ts';
import type { Settler } from './settle.ts';

/*
 * Handles a claim of which nothing left:
 *
 * - a waiting caller gets the reason, and the messageId back;
 * - a message accepted with a 202 is requeued, or fails if a rule forbids a retry or no try is left;
 * - a message that only the sweeper picked up keeps its claim for the next try.
 */

export interface NotSentDeps {
  readonly messages: MessageStore;
  readonly settler: Settler;
  readonly recipientQueue: RecipientQueue;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

export type NotSent = ReturnType<typeof makeNotSent>;

export function makeNotSent({ messages, settler, recipientQueue, clock, telemetry }: NotSentDeps) {
  /** Fails an accepted message for good. A waiting caller gets the refusal, and the messageId back. */
  async function refuse(
    claim: Stored<Message>,
    attempt: Attempt,
    code: RejectionCode,
    detail: string,
  ): Promise<SendResult> {
    if (!claim.value.accepted) {
      const kept = await letGo(claim);
      if (kept) return { message: kept, fresh: false };
      throw new AppError(code, detail);
    }
    return settler.settle(claim, attempt, {
      verdict: { kind: 'rejected', code, detail },
      calls: 0,
      session: undefined,
    });
  }

  /** Handles a transient failure that is not the message's own: send it later. */
  async function notNow(claim: Stored<Message>, attempt: Attempt, verdict: Release): Promise<SendResult> {
    if (claim.value.accepted || verdict.accepts) return requeue(claim, attempt, verdict);
    if (attempt.source === 'sweeper') return leaveToSweeper(claim, attempt, verdict);
    const kept = await letGo(claim);
    if (kept) return { message: kept, fresh: false };
    throw new AppError(verdict.code, detailOf(verdict), verdict);
  }

  /** Gives back the claim. Returns the message if another owner has it by now. */
  async function letGo(claim: Stored<Message>): Promise<Message | undefined> {
    if (await messages.remove(claim)) return undefined;
    const stored = (await messages.get(claim.value.messageId))?.value;
    return stored && isSameRequest(stored, claim.value) ? stored : undefined;
  }

  /** Puts the message back into the queue, with a longer pause each time. */
  async function requeue(claim: Stored<Message>, attempt: Attempt, verdict: Release): Promise<SendResult> {
    const { code, errorClass } = verdict;
    const delaySeconds = pauseBefore(claim.value, verdict);
    if (delaySeconds === undefined) return refuse(claim, attempt, code, detailOf(verdict));
    const now = clock.now();
    const fence = fenceOf(claim.value);
    const again = await updateWithRetry(messages, claim, (m) =>
      transition(m, 'postponed', { fence, now, delaySeconds, errorClass, reason: detailOf(verdict) }),
    );
    if (again?.value.status === 'queued') {
      await recipientQueue.enqueue(claim.value, new Date(now.getTime() + delaySeconds * 1000));
    }
    return { message: again?.value ?? claim.value, fresh: false };
  }

  /**
   * Nothing left, and no caller waits for the response. While the message is fresh the claim stays, and the sweeper
   * retries the message when its lease ends. After that the message stays `unknown`, for an operator to see.
   */
  async function leaveToSweeper(
    claim: Stored<Message>,
    attempt: Attempt,
    { code }: Release,
  ): Promise<SendResult> {
    const now = clock.now();
    const fence = fenceOf(claim.value);
    const fresh = isFresh(claim.value, { ...attempt.terms, now });
    const standing = await updateWithRetry(messages, claim, (m) =>
      fresh
        ? undispatched(m, fence)
        : transition(m, 'givenUp', { fence, now, reason: `the message could not be sent (${code})` }),
    );
    return { message: standing?.value ?? claim.value, fresh: false };
  }

  /** Gives back the claim after a fault before anything left, if the store allows it, and rethrows the fault. */
  async function afterFault(
    claim: Stored<Message>,
    attempt: Attempt,
    mayHaveLeft: boolean,
    fault: unknown,
  ): Promise<never> {
    if (!mayHaveLeft && !claim.value.accepted && attempt.source === 'caller') {
      await messages.remove(claim).catch((e) => telemetry.error('claim.not-given-back', e));
    }
    throw fault;
  }

  return { refuse, notNow, requeue, afterFault };
}

export const OPTED_OUT = 'The recipient has opted out of messages from this number. Nothing was sent.';

/** With LipaChat's own words, and what to do about it, if there is something. */
function detailOf({ code, said, errorClass, alert }: Release): string {
  if (said !== undefined) return `${DETAIL[code]} The response: ${withoutNumbers(said)}.`;
  if (errorClass === undefined || !(alert || errorClass === 'held-for-user')) return DETAIL[code];
  const held = alert && errorClass !== 'stop-number' ? HELD : DETAIL[code];
  return `${held} ${ERROR_CLASS_TEXTS[errorClass].tell}`;
}

const HELD = 'WhatsApp is holding back this template, this flow or this number. Nothing was sent.';

const DETAIL: Record<Release['code'], string> = {
  'gateway-credentials': 'LipaChat rejected the apiKey. Nothing was sent. The operator must renew the key.',
  'gateway-misconfigured':
    "LipaChat can't be used as configured. Nothing was sent. The operator must check LIPACHAT_BASE_URL, the account " +
    'and its balance, and any firewall or proxy in between.',
  'gateway-rejected':
    'WhatsApp is temporarily holding back messages to this customer. Nothing was delivered.',
  'gateway-throttled': 'LipaChat or WhatsApp is throttling messages. Nothing was sent.',
  'gateway-unavailable': "LipaChat is unreachable or can't send from this number. Nothing was sent.",
  'session-closed': sessionClosedSince(undefined),
  'recipient-opted-out': OPTED_OUT,
};

export function sessionClosedSince(shutAt: Date | undefined): string {
  const since = shutAt ? `closed at ${shutAt.toISOString()}` : 'is closed';
  return (
    `The 24-hour session window with this customer ${since}. Nothing was sent. ` +
    'To wait for the customer to write, set whenClosed to "park" or "template".'
  );
}
