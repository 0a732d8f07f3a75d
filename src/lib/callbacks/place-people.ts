import type { Callback } from '../lipachat/callback.ts';
import type { MessageAliasStore, MessageStore } from '../messages/ports.ts';
import type { People } from '../sessions/people.ts';
import type { PhoneNumber } from '../whatsapp/phone.ts';
import { makeFindQuoted } from './quoted-message.ts';

export interface PlacePeopleDeps {
  readonly people: Pick<People, 'learn' | 'personOf'>;
  readonly messages: MessageStore;
  readonly aliases: MessageAliasStore;
}

/**
 * Learns the people that an entry names by number and user id, then replaces a user id by the number that it is known
 * to belong to. An entry that names a number only costs no call.
 */
export function makePlacePeople({ people, messages, aliases }: PlacePeopleDeps) {
  const findQuoted = makeFindQuoted({ messages, aliases });

  /** A flat status names no business number, but a message of ours. */
  async function businessOf(entry: Callback): Promise<PhoneNumber | undefined> {
    if ('pair' in entry) return entry.pair.business;
    if (entry.kind !== 'status') return undefined;
    for (const id of [entry.messageId, entry.report.waId]) {
      const found = id === undefined ? undefined : await findQuoted(id);
      if (found?.flow) return found.flow.value.from;
    }
    return undefined;
  }

  return async function placePeople(entry: Callback, seenAt: Date): Promise<Callback> {
    for (const { number, userId, business: named } of entry.people ?? []) {
      const business = named ?? (await businessOf(entry));
      if (business !== undefined) await people.learn({ business, number, userId }, seenAt);
    }
    return 'pair' in entry ? { ...entry, pair: await people.personOf(entry.pair, seenAt) } : entry;
  };
}
