import { otherIdsOf } from '../messages/gateway-message-id.ts';
import type { Message, MessageId } from '../messages/message.ts';
import type { MessageAliasStore, MessageStore } from '../messages/ports.ts';
import { templateLockKeyOf } from '../messages/template-message.ts';
import { mapEnded } from '../platform/all-ended.ts';
import type { Clock } from '../platform/ports.ts';
import type { TemplateLockStore } from '../sending/ports.ts';
import type { Pair } from '../whatsapp/phone.ts';

export interface EraseMessagesDeps {
  readonly messages: MessageStore;
  readonly aliases: MessageAliasStore;
  readonly templateLocks: TemplateLockStore;
  readonly clock: Clock;
}

const PASSES = 20;
const PAGE = 200;
const AT_ONCE = 16;
const PASS_PAUSE_MS = 300;
const TRIES = 12;

/** Removes a pair's messages with their aliases and template locks. */
export function makeEraseMessages({ messages, aliases, templateLocks, clock }: EraseMessagesDeps) {
  /**
   * The index lags and sends may be in flight, so passes repeat until two in a row find none. A send in flight finds its
   * record gone and writes nothing. `isDone` is false if the time was over before.
   */
  return async function eraseMessages(
    pair: Pair,
    { until, isOver }: { readonly until: Date; readonly isOver: () => boolean },
  ): Promise<{ readonly erased: number; readonly isDone: boolean }> {
    let erased = 0;
    let emptyPasses = 0;
    for (let pass = 0; pass < PASSES && emptyPasses < 2; pass += 1) {
      const found = await pageByPage(pair, until, isOver);
      erased += found;
      if (isOver()) return { erased, isDone: false };
      emptyPasses = found === 0 ? emptyPasses + 1 : 0;
      if (emptyPasses === 1) await clock.sleep(PASS_PAUSE_MS);
    }
    return { erased, isDone: true };
  };

  async function pageByPage(pair: Pair, until: Date, isOver: () => boolean): Promise<number> {
    let erased = 0;
    let before: string | undefined;
    do {
      const { ids, next } = await messages.page(pair, { limit: PAGE, before });
      const gone = await mapEnded(ids, (id) => eraseMessage(id, until), { concurrency: AT_ONCE });
      erased += gone.filter((isGone) => isGone).length;
      before = next;
    } while (before !== undefined && !isOver());
    return erased;
  }

  /**
   * Aliases and locks go first, because only the message leads to them after a crash. They go again after the
   * message, because a send may have added an alias in between without changing the message. A send that adds
   * one even later finds the message gone. True unless the message is newer than `until`.
   */
  async function eraseMessage(id: MessageId, until: Date): Promise<boolean> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const stored = await messages.get(id);
      if (!stored) return true;
      if (stored.value.createdAt > until) return false;
      await dropBeside(stored.value);
      if (await messages.remove(stored)) {
        await dropBeside(stored.value);
        return true;
      }
    }
    await messages.drop(id);
    return true;
  }

  async function dropBeside(message: Message): Promise<void> {
    await aliases.drop(otherIdsOf(message));
    if (message.templateMessage) await templateLocks.drop(templateLockKeyOf(message));
  }
}
