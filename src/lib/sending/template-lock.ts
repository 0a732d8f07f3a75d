import { type Message, pairOf } from '../messages/message.ts';
import type { MessageStore } from '../messages/ports.ts';
import { templateLockKeyOf } from '../messages/template-message.ts';
import type { Clock } from '../platform/ports.ts';
import type { SessionStore } from '../sessions/ports.ts';
import type { TemplateLockStore } from './ports.ts';

export interface TemplateLockDeps {
  readonly messages: MessageStore;
  readonly sessions: SessionStore;
  readonly templateLocks: TemplateLockStore;
  readonly clock: Clock;
}

/** Takes the lock for a parked flow's template message. False if another flow's template message is out. */
export function makeAcquireLock({ messages, sessions, templateLocks, clock }: TemplateLockDeps) {
  /** Another holder keeps the lock while its flow waits and the customer has not written since. */
  return async function acquireLock(message: Message): Promise<boolean> {
    const pair = pairOf(message);
    const until = message.parkedUntil ?? message.expiresAt;
    const lock = { key: templateLockKeyOf(message), holder: message.messageId, at: clock.now(), until };
    const taken = await templateLocks.create(lock);
    if (taken.done || !taken.stored) return taken.done;
    const { holder, at } = taken.stored.value;
    if (holder === message.messageId) return true;
    const answeredAt = (await sessions.get(pair))?.value.window?.lastInboundAt;
    const answered = answeredAt !== undefined && answeredAt > at;
    const stillWaits = (await messages.get(holder))?.value.status === 'parked';
    if (stillWaits && !answered) return false;
    return (await templateLocks.replace(taken.stored, lock)).done;
  };
}
