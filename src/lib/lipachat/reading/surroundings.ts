import type { Customer } from '../../whatsapp/customer.ts';
import type { PhoneNumber } from '../../whatsapp/phone.ts';
import type { Callback } from '../callback.ts';
import type { Around, Entry } from '../callback-entries.ts';
import { type Fields, pick, rawOf, recordIn, textIn } from './fields.ts';
import { joined, numberOf, peopleOf, personIn } from './people.ts';

/* The source of an entry: the entry itself, and its context in the body. */

export interface Source extends Entry {
  readonly fields: Fields;
  /** The business numbers that the body names for ids (`phone_number_id`), in any of its entries. */
  readonly numbers: ReadonlyMap<string, PhoneNumber>;
}

interface Metadata {
  readonly shown: PhoneNumber | undefined;
  readonly id: string | undefined;
}

function metadataOf({ value }: Around): Metadata {
  const metadata = recordIn(pick(value, 'metadata'));
  return {
    shown: numberOf(pick(metadata, 'display_phone_number')),
    id: textIn(pick(metadata, 'phone_number_id')),
  };
}

export function businessNumbersIn(entries: readonly Entry[]): ReadonlyMap<string, PhoneNumber> {
  const numbers = new Map<string, PhoneNumber>();
  for (const { around } of entries) {
    const { shown, id } = around ? metadataOf(around) : { shown: undefined, id: undefined };
    if (shown !== undefined && id !== undefined) numbers.set(id, shown);
  }
  return numbers;
}

/** The business number: WhatsApp's envelope names it around a message, LipaChat in it. */
export function businessOf({ around, fields, numbers }: Source): PhoneNumber | undefined {
  const { shown, id } = around ? metadataOf(around) : { shown: undefined, id: undefined };
  return shown ?? personIn([pick(fields, 'to')]).number ?? numbers.get(id ?? '');
}

/** The business number that the envelope names: the `to` of an entry may be the customer. */
function businessAround({ around, numbers }: Source): PhoneNumber | undefined {
  const { shown, id } = around ? metadataOf(around) : { shown: undefined, id: undefined };
  return shown ?? numbers.get(id ?? '');
}

/** The raw entry, which can be read again by itself: in WhatsApp's envelope, with what it needs of that. */
export function rawEntry({ as, body, around }: Entry, contact?: unknown): string {
  const member = LIST_OF[as];
  const metadata = around && pick(around.value, 'metadata');
  if (!around || member === undefined || (metadata === undefined && as === 'own')) return rawOf(body);
  return rawOf({
    ...(metadata === undefined ? {} : { metadata }),
    ...(contact === undefined ? {} : { contacts: [contact] }),
    [member]: [body],
  });
}

const LIST_OF: Readonly<Record<Entry['as'], string | undefined>> = {
  own: 'messages',
  status: 'statuses',
  call: 'calls',
  preference: 'user_preferences',
  userIdUpdate: 'user_id_update',
  event: undefined,
};

/** A message in a group is no news of a person. */
export const GROUP = 'group';

/** Beyond these, an event is no news of single people. */
const MOST_PARTS = 1_000;

/** All people that an entry names, whatever it is about. An event names them in its parts, such as the echoes. */
function personsOf({ as, fields, around }: Source): Customer[] {
  if (as !== 'event') return personsIn(fields);
  const parts = Object.values(around?.value ?? {}).filter(Array.isArray);
  return parts.flatMap((list) => list.slice(0, MOST_PARTS)).flatMap((part) => personsIn(recordIn(part)));
}

function personsIn(fields: Fields | undefined): Customer[] {
  return [
    personIn([pick(fields, 'from'), pick(fields, 'from_user_id')]),
    personIn([pick(fields, 'to'), pick(fields, 'to_user_id')]),
    personIn([pick(fields, 'recipient_id'), pick(fields, 'recipient_user_id')]),
    personIn([pick(fields, 'wa_id'), pick(fields, 'user_id')]),
  ];
}

/** The business number of a flat entry: its other party. */
function otherParty({ number }: Customer, fields: Fields): PhoneNumber | undefined {
  const parties = [pick(fields, 'from'), pick(fields, 'to')].map(numberOf);
  return parties.includes(number) ? parties.find((party) => party !== number) : undefined;
}

interface Found {
  readonly persons?: readonly Customer[];
  readonly unread?: readonly string[];
}

/** The callback with the people and the unread fields of its entry. */
export function remarked(
  callback: Callback,
  source: Source,
  { persons = [], unread = [] }: Found = {},
): Callback {
  const isOfGroup = callback.kind === 'notice' && callback.about === GROUP;
  const named = peopleOf(isOfGroup ? persons : [...persons, ...personsOf(source)], source.around);
  const businessOfPerson = (one: Customer) =>
    'pair' in callback ? undefined : (businessAround(source) ?? otherParty(one, source.fields));
  const people = named?.map((one) => ({ ...one, business: businessOfPerson(one) }));
  const fields = source.around?.isNewField ? [...unread, 'field'] : unread;
  const contact = joined(persons[0] ?? {}, source.around).contact;
  return {
    ...callback,
    ...(people ? { people } : {}),
    ...(fields.length > 0 ? { unread: { fields, raw: rawEntry(source, contact) } } : {}),
  };
}

export function unrecognised(entry: Entry): Callback {
  return { kind: 'unrecognised', raw: rawEntry(entry) };
}

const LONGEST_NOTICE = 64;

export function notice(about: string): Callback {
  return { kind: 'notice', about: about.slice(0, LONGEST_NOTICE).toWellFormed() };
}
