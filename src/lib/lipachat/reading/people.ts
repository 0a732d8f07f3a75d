import { type Customer, type CustomerId, type NamedByBoth, userIdIn } from '../../whatsapp/customer.ts';
import { gatewayPhoneNumber, type PhoneNumber } from '../../whatsapp/phone.ts';
import type { Around } from '../callback-entries.ts';
import { type Fields, listIn, pick, recordIn, textIn } from './fields.ts';

/*
 * The person that an entry is about, named by number, by user id, or by both. The number is the key where both can be
 * read. What the envelope's `contacts` say about that person is joined: by number, by user id, or because there is only one
 * contact, which contradicts nothing, and only one person in all entries.
 */

/** `whatsapp:+254…`, `254…@c.us`: how other gateways write a number. */
const DECORATION = /^(?:whatsapp|tel):|@(?:c\.us|s\.whatsapp\.net)$/gi;

export function numberOf(value: unknown): PhoneNumber | undefined {
  const text = textIn(value);
  return text === undefined || text.length > 64
    ? undefined
    : gatewayPhoneNumber(text.trim().replace(DECORATION, ''));
}

/** A name of a person: text, or an object or a list around it. */
function namesIn(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value.length === 1 ? [value[0]] : [];
  const fields = recordIn(value);
  return fields
    ? [pick(fields, 'wa_id', 'phone', 'phone_number', 'number', 'id'), pick(fields, 'user_id')]
    : [value];
}

/** The person that these values name: the first readable number and the first readable user id. */
export function personIn(values: readonly unknown[]): Customer {
  const names = values.flatMap(namesIn);
  const texts = names.map((name) => textIn(name)?.trim() ?? '');
  return {
    number: names.map(numberOf).find((number) => number !== undefined),
    userId: texts.map(userIdIn).find((id) => id !== undefined),
  };
}

export const idOf = ({ number, userId }: Customer): CustomerId | undefined => number ?? userId;

function isWhole(person: Customer): person is NamedByBoth {
  return person.number !== undefined && person.userId !== undefined;
}

interface Contact extends Customer {
  readonly raw: unknown;
}

/** A body may hold hundreds. Further ones are joined to nothing. */
const MOST_CONTACTS = 1_000;

const contactsOf = new WeakMap<Fields, readonly Contact[]>();

function contactsIn({ value }: Around): readonly Contact[] {
  const known = contactsOf.get(value);
  if (known) return known;
  const contacts = listIn(pick(value, 'contacts'))
    .slice(0, MOST_CONTACTS)
    .map((raw) => ({ ...personOfContact(recordIn(raw)), raw }));
  contactsOf.set(value, contacts);
  return contacts;
}

function personOfContact(contact: Fields | undefined): Customer {
  return personIn([pick(contact, 'wa_id', 'phone_number'), pick(contact, 'user_id', 'parent_user_id')]);
}

const onePerson = new WeakMap<readonly unknown[], boolean>();

/** Do all entries of the value name the same person? Then its only contact is theirs. */
function isOfOnePerson(around: Around | undefined): boolean {
  if (!around) return false;
  const { bodies } = around;
  const known = onePerson.get(bodies) ?? new Set(bodies.map(nameInEntry)).size <= 1;
  onePerson.set(bodies, known);
  return known;
}

function nameInEntry(body: unknown): string {
  const fields = recordIn(body);
  const { number, userId } = personIn([
    pick(fields, 'from', 'recipient_id', 'wa_id'),
    pick(fields, 'from_user_id', 'recipient_user_id', 'user_id'),
  ]);
  return `${number} ${userId}`;
}

/** The person with what their contact adds, and the contact. */
export function joined(
  person: Customer,
  around: Around | undefined,
): { readonly person: Customer; readonly contact: unknown } {
  const contacts = around ? contactsIn(around) : [];
  const isSame = (contact: Customer) =>
    (person.number !== undefined && contact.number === person.number) ||
    (person.userId !== undefined && contact.userId === person.userId);
  const isContrary = (contact: Customer) =>
    (person.number !== undefined && contact.number !== undefined) ||
    (person.userId !== undefined && contact.userId !== undefined);
  const only =
    contacts.length === 1 && isOfOnePerson(around) ? contacts.find((one) => !isContrary(one)) : undefined;
  const contact = contacts.find(isSame) ?? only;
  return {
    person: { number: person.number ?? contact?.number, userId: person.userId ?? contact?.userId },
    contact: contact?.raw,
  };
}

/** The people that an entry names both ways. The first entry of a value brings all of its contacts, too. */
export function peopleOf(
  persons: readonly Customer[],
  around: Around | undefined,
): readonly NamedByBoth[] | undefined {
  const contacts = around?.isFirst ? contactsIn(around) : [];
  const whole = [...persons, ...contacts].filter(isWhole);
  const byBoth = new Map(whole.map(({ number, userId }) => [`${number} ${userId}`, { number, userId }]));
  return byBoth.size === 0 ? undefined : [...byBoth.values()];
}
