import type { Callback, Moved } from '../lipachat/callback.ts';
import type { Message } from '../messages/message.ts';
import type { MessageAliasStore, MessageStore } from '../messages/ports.ts';
import { mapEnded } from '../platform/all-ended.ts';
import type { People } from '../sessions/people.ts';
import type { ErasedOptOutStore } from '../sessions/ports.ts';
import { isUserId, type NamedByBoth } from '../whatsapp/customer.ts';
import { makeFindQuoted } from './quoted-message.ts';

export interface PlacePeopleDeps {
  readonly people: Pick<People, 'learn' | 'personOf'>;
  readonly messages: MessageStore;
  readonly aliases: MessageAliasStore;
  readonly erasedOptOuts: ErasedOptOutStore;
}

/** An envelope may list hundreds of contacts, and the worker has half a minute. */
const AT_ONCE = 8;

/**
 * Learns the people that an entry names by number and user id, then replaces a user id by the number that it is known
 * to belong to. An entry that names a number only costs no call.
 *
 * A status may arrive after an erasure: of a message that is not stored, it brings no erased person back.
 */
export function makePlacePeople({ people, messages, aliases, erasedOptOuts }: PlacePeopleDeps) {
  const findQuoted = makeFindQuoted({ messages, aliases });

  /** The message of ours that a status is about. */
  async function messageOf(entry: Callback): Promise<Message | undefined> {
    if (entry.kind !== 'status') return undefined;
    for (const id of [entry.messageId, entry.report.waId]) {
      const found = id === undefined ? undefined : await findQuoted(id);
      if (found?.flow) return found.flow.value;
    }
    return undefined;
  }

  async function learn(entry: Callback, named: NamedByBoth, seenAt: Date): Promise<void> {
    const ownBusiness = 'pair' in entry ? entry.pair.business : undefined;
    // A flat status names no business number.
    const business = named.business ?? ownBusiness ?? (await messageOf(entry))?.from;
    if (business === undefined) return;
    const isErased = async () =>
      entry.kind === 'status' &&
      (await messageOf(entry)) === undefined &&
      (await erasedOptOuts.wasErased({ business, customer: named.number }));
    await people.learn({ ...named, business }, seenAt, async () => !(await isErased()));
  }

  return async function placePeople(entry: Callback, seenAt: Date): Promise<Callback> {
    const named = [...(entry.people ?? []), ...renumbered(entry)];
    await mapEnded(named, (one) => learn(entry, one, seenAt), { concurrency: AT_ONCE });
    if (!('pair' in entry)) return entry;
    const placed = { ...entry, pair: await people.personOf(entry.pair, seenAt) };
    return placed.kind === 'moved' ? withNumber(placed, seenAt) : placed;
  };

  /** A known person with another user id: that belongs to the number, too. */
  async function withNumber(entry: Moved & Callback, seenAt: Date): Promise<Callback> {
    const { pair, to, keepsNumber } = entry;
    if (!keepsNumber || to.number || !to.userId || isUserId(pair.customer)) return entry;
    const person = { number: pair.customer, userId: to.userId };
    await learn(entry, person, seenAt);
    return { ...entry, to: person };
  }
}

/** A move from a user id to a number names one person by both, too. */
function renumbered(entry: Callback): NamedByBoth[] {
  if (entry.kind !== 'moved' || !isUserId(entry.pair.customer) || !entry.to.number) return [];
  return [{ number: entry.to.number, userId: entry.pair.customer }];
}
