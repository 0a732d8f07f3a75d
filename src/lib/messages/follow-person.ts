import { mapEnded } from '../platform/all-ended.ts';
import type { Clock } from '../platform/ports.ts';
import { updateWithRetry } from '../platform/update-with-retry.ts';
import type { Follow } from '../sessions/people.ts';
import type { SessionStore } from '../sessions/ports.ts';
import { isUserId } from '../whatsapp/customer.ts';
import { hasOptedOut, isOpen } from '../whatsapp/session-window.ts';
import type { Message, MessageId } from './message.ts';
import type { MessageStore } from './ports.ts';
import type { RecipientQueue } from './recipient-queue.ts';

export interface FollowDeps {
  readonly messages: MessageStore;
  readonly sessions: SessionStore;
  readonly recipientQueue: RecipientQueue;
  readonly clock: Clock;
  readonly sessionMarginSeconds: number;
}

const PAGE = 200;
const AT_ONCE = 8;
const CAUSE = 'person-merged';

/**
 * A user id has become a person's number: messages to the id join the number's recipient queue, which is cancelled or
 * released like after a message of the customer. The index lags, so what it misses waits for the sweeper.
 */
export function makeFollowPerson(deps: FollowDeps): Follow {
  const { messages, sessions, recipientQueue, clock } = deps;

  return async function follow(person, { key, from }) {
    const { business, customer: number } = person;
    if (isUserId(number)) return;
    const session = (await sessions.get(person))?.value;
    const stopped = hasOptedOut(session);
    const belongs = (message: Message): Message =>
      message.to === key.userId && message.customer !== number ? { ...message, customer: number } : message;
    const move = async (id: MessageId) => updateWithRetry(messages, await messages.get(id), belongs);
    for (const customer of from) {
      const pair = { business, customer };
      if (stopped && isUserId(customer)) await recipientQueue.cancelAll(pair, CAUSE);
      await mapEnded(await messages.ofPair(pair, PAGE), move, { concurrency: AT_ONCE });
    }
    if (stopped) await recipientQueue.cancelAll(person, CAUSE);
    else if (isOpen(session, clock.now(), deps.sessionMarginSeconds)) await recipientQueue.wake(person);
  };
}
