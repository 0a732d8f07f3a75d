import type { RawCallbackStore } from '../callbacks/ports.ts';
import { otherIdsOf } from '../messages/gateway-message-id.ts';
import type { Message, MessageId } from '../messages/message.ts';
import type { MessageAliasStore, MessageStore } from '../messages/ports.ts';
import { templateLockKeyOf } from '../messages/template-message.ts';
import { mapEnded } from '../platform/all-ended.ts';
import type { Clock, Telemetry } from '../platform/ports.ts';
import { updateWithRetry } from '../platform/update-with-retry.ts';
import type { TemplateLockStore } from '../sending/ports.ts';
import type { People } from '../sessions/people.ts';
import { aliasKeyOf } from '../sessions/person.ts';
import type { ErasedOptOutStore, PersonAliasStore, SessionStore } from '../sessions/ports.ts';
import { isUserId } from '../whatsapp/customer.ts';
import type { Pair } from '../whatsapp/phone.ts';
import { consentWordOf, type Session } from '../whatsapp/session-window.ts';

/*
 * Erases one customer, by number or by user id. Safe to repeat.
 *
 * 1. Note the erasure as a salted hash. Remove the session; an opt-out is first kept as a salted hash, too. The session of a
 *    person with user ids only loses its window, because after a crash nothing else leads to the ids.
 * 2. Remove the messages with their aliases and template locks. The index lags and sends may be in flight, so
 *    passes repeat until two in a row find none. A send in flight finds its record gone and writes nothing.
 * 3. Remove the raw callbacks that contain the number or one of the ids.
 * 4. Remove what belongs to the user ids, then the session of the number, then the alias of the id that was named. The
 *    opt-out is kept under each of them.
 */

export interface EraseDeps {
  readonly messages: MessageStore;
  readonly sessions: SessionStore;
  readonly callbacks: Pick<RawCallbackStore, 'dropRawNaming'>;
  readonly aliases: MessageAliasStore;
  readonly templateLocks: TemplateLockStore;
  readonly erasedOptOuts: ErasedOptOutStore;
  readonly personAliases: PersonAliasStore;
  readonly people: Pick<People, 'pairsOf'>;
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
  const { personAliases, people } = deps;

  async function eraseMessages(pair: Pair): Promise<number> {
    let erased = 0;
    let emptyPasses = 0;
    for (let pass = 0; pass < PASSES && emptyPasses < 2; pass += 1) {
      const ids = await messages.ofPair(pair, PAGE);
      await mapEnded(ids, eraseMessage, { concurrency: AT_ONCE });
      erased += ids.length;
      emptyPasses = ids.length === 0 ? emptyPasses + 1 : 0;
      if (emptyPasses === 1) await clock.sleep(PASS_PAUSE_MS);
      if (ids.length === PAGE) pass -= 1;
    }
    return erased;
  }

  /**
   * Aliases and locks go first, because only the message leads to them after a crash. They go again after the
   * message, because a send may have added an alias in between without changing the message. A send that adds
   * one even later finds the message gone.
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

  /**
   * Removes only the session that was read, so an opt-out written in between is kept too. True if an opt-out
   * stays in force.
   */
  async function eraseSession(pair: Pair): Promise<boolean> {
    for (;;) {
      const stored = await sessions.get(pair);
      if (!stored) return (await erasedOptOuts.optedOutAt(pair)) !== undefined;
      const word = consentWordOf(stored.value);
      if (word?.optedOut) await erasedOptOuts.remember(pair, word.at, word);
      if (await sessions.remove(stored)) return word?.optedOut ?? false;
    }
  }

  /** Nothing more is sent, and the user ids stay known until nothing of them is left. */
  async function closeSession(person: Pair): Promise<void> {
    const closed = ({ pair, consent, words, known }: Session): Session => ({ pair, consent, words, known });
    await updateWithRetry(sessions, await sessions.get(person), (session) =>
      session.window || session.paceUntil ? closed(session) : session,
    );
  }

  /**
   * Removes the aliases before the session that lists them. Only the named one goes last: after a crash, the repeat finds
   * the person by it. True if an opt-out stays in force.
   */
  async function eraseUserIds(person: Pair, ids: readonly Pair[], named: Pair): Promise<boolean> {
    for (const id of ids) {
      const stored = await sessions.get(person);
      const word = stored && consentWordOf(stored.value);
      if (word?.optedOut) await erasedOptOuts.remember(id, word.at, word);
      await eraseSession(id);
      if (id.customer !== named.customer) await dropAlias(id, person);
    }
    const optOutKept = await eraseSession(person);
    if (isUserId(named.customer)) await dropAlias(named, person);
    return optOutKept;
  }

  /** The alias of the id, unless it leads to another person by now. */
  async function dropAlias(id: Pair, person: Pair): Promise<void> {
    const alias = await personAliases.get(aliasKeyOf(id));
    if (alias?.value.number === person.customer) await personAliases.drop(alias.value.key);
  }

  async function total(pairs: readonly Pair[], erased: (pair: Pair) => Promise<number>): Promise<number> {
    let sum = 0;
    for (const pair of pairs) sum += await erased(pair);
    return sum;
  }

  return async function erase(named: Pair, correlationId: string): Promise<void> {
    const pairs = await people.pairsOf(named);
    const [person, ...ids] = pairs;
    for (const pair of pairs) await erasedOptOuts.noteErasure(pair, clock.now());
    if (ids.length > 0) await closeSession(person);
    let optOutKept = ids.length === 0 && (await eraseSession(person));
    const erased = await total(pairs, eraseMessages);
    const raw = await total(pairs, ({ customer }) => callbacks.dropRawNaming(customer));
    if (ids.length > 0) optOutKept = await eraseUserIds(person, ids, named);
    // The audit record: what was erased and for which request, never for which customer.
    telemetry.info('contact.erased', {
      correlationId,
      messages: erased,
      raw,
      optOutKept,
    });
  };
}
