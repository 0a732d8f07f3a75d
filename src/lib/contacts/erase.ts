import pMap from 'p-map';
import type { CallbackStore } from '../callbacks/ports.ts';
import { otherIdsOf } from '../messages/gateway-message-id.ts';
import type { Message, MessageId } from '../messages/message.ts';
import type { MessageAliasStore, MessageStore } from '../messages/ports.ts';
import { templateLockKeyOf } from '../messages/template-message.ts';
import type { Clock, Telemetry } from '../platform/ports.ts';
import type { TemplateLockStore } from '../sending/ports.ts';
import type { ErasedOptOutStore, SessionStore } from '../sessions/ports.ts';
import type { Pair } from '../whatsapp/phone.ts';

/*
 * Erasure of one person: the opt-out, if there is one, is kept as a salted hash first; then the messages go,
 * with what was kept beside them, then whatever raw callbacks name the number. It may be repeated, and it passes over the
 * messages until a pass finds none: the index that it asks is a moment late, and sends may be in flight. What
 * such a send learns finds its record gone, and leaves nothing.
 */

export interface EraseDeps {
  readonly messages: MessageStore;
  readonly sessions: SessionStore;
  readonly callbacks: CallbackStore;
  readonly aliases: MessageAliasStore;
  readonly templateLocks: TemplateLockStore;
  readonly erasedOptOuts: ErasedOptOutStore;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

const PASSES = 20;
const PAGE = 200;
const AT_ONCE = 16;
const PASS_PAUSE_MS = 300;
const TRIES = 12;

export function makeErase(deps: EraseDeps) {
  const { messages, sessions, callbacks, aliases, templateLocks, erasedOptOuts, clock, telemetry } = deps;

  async function eraseMessages(pair: Pair): Promise<number> {
    let erased = 0;
    let emptyPasses = 0;
    for (let pass = 0; pass < PASSES && emptyPasses < 2; pass += 1) {
      const ids = await messages.ofPair(pair, PAGE);
      await pMap(ids, eraseMessage, { concurrency: AT_ONCE });
      erased += ids.length;
      emptyPasses = ids.length === 0 ? emptyPasses + 1 : 0;
      if (emptyPasses === 1) await clock.sleep(PASS_PAUSE_MS);
      if (ids.length === PAGE) pass -= 1;
    }
    return erased;
  }

  /**
   * What it alone tells the way to goes first, so that a repeat finds it after a crash; and once more after it, since a
   * send may have kept an id in between without changing the message. One that comes later finds the message gone.
   */
  async function eraseMessage(id: MessageId): Promise<void> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const stored = await messages.get(id);
      if (!stored) return;
      await dropBeside(stored.value);
      if (await messages.remove(stored)) return dropBeside(stored.value);
    }
    await messages.drop(id);
  }

  async function dropBeside(message: Message): Promise<void> {
    await aliases.drop(otherIdsOf(message));
    if (message.templateMessage) await templateLocks.drop(templateLockKeyOf(message));
  }

  /** A word that comes in between is kept, too: what goes is what was read. True if an opt-out stays in force. */
  async function eraseSession(pair: Pair): Promise<boolean> {
    for (;;) {
      const stored = await sessions.get(pair);
      if (!stored) return (await erasedOptOuts.optedOutAt(pair)) !== undefined;
      const { consent } = stored.value;
      if (consent?.optedOut) await erasedOptOuts.remember(pair, consent.at);
      if (await sessions.remove(stored)) return consent?.optedOut ?? false;
    }
  }

  return async function erase(pair: Pair, correlationId: string): Promise<void> {
    const optOutKept = await eraseSession(pair);
    const erased = await eraseMessages(pair);
    const raw = await callbacks.dropRawNaming(pair.customer);
    // The audit's line: that it was done, for which request, and how much; never for whom.
    telemetry.info('contact.erased', {
      correlationId,
      messages: erased,
      raw,
      optOutKept,
    });
  };
}
