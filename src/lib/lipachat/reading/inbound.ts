import type { Customer } from '../../whatsapp/customer.ts';
import type { Callback } from '../callback.ts';
import { flowReplyIn } from '../flow-reply.ts';
import { MESSAGE_TYPES, messageTypeIn, readMessageAs } from './event-kinds.ts';
import {
  type Fields,
  keyIn,
  pick,
  type Reader,
  rawOf,
  readerOf,
  recordIn,
  textIn,
  unpacked,
  wordIn,
} from './fields.ts';
import { instantIn } from './instants.ts';
import { idOf, joined, numberOf, personIn } from './people.ts';
import { saidIn } from './said-words.ts';
import { businessOf, GROUP, notice, rawEntry, remarked, type Source, unrecognised } from './surroundings.ts';
import { readSystem } from './system.ts';

/*
 * A customer's message, in LipaChat's shape and in WhatsApp's. With a type, a customer and a business number it opens the
 * window, whatever else can't be read. A type without a row in the table is new: it opens the window too, and `type` is
 * listed among the unread fields.
 */

export function readMessage(source: Source): Callback {
  const { fields } = source;
  const reader = readerOf(fields);
  const type = typeOf(fields, reader);
  if (isOfGroup(fields)) return remarked(notice(GROUP), source);
  if (type === 'system') return readSystem(source);
  if (type !== undefined && isNotice(type, fields)) return remarked(notice(type), source);
  const { person } = joined(senderOf(fields), source.around);
  const [business, customer] = [businessOf(source), idOf(person)];
  if (type === undefined && !(business && customer && hasId(fields))) return unrecognised(source);
  if (type === undefined || readMessageAs(type) === undefined) addOnce(reader.unread, 'type');
  if (!business || !customer)
    return isMessage(type, fields) ? unplaced(source, person) : unrecognised(source);
  if (customer === business) return remarked(notice('echo'), source);
  return opening(source, reader, { person, pair: { business, customer } });
}

function opening(
  source: Source,
  reader: Reader,
  {
    person,
    pair,
  }: { readonly person: Customer; readonly pair: Extract<Callback, { kind: 'inbound' }>['pair'] },
): Callback {
  const { fields, body } = source;
  const reply = flowReplyIn(fields, reader);
  const inbound: Callback = {
    kind: 'inbound',
    id: reader.take(['messageId'], keyIn) ?? reader.take(['id'], keyIn),
    pair,
    writtenAt: reader.take(['timestamp'], instantIn),
    said: saidIn(fields, reader),
    reply: reply === 'unreadable' ? undefined : reply,
    ...(reply === 'unreadable' ? { unreadable: rawOf(body) } : {}),
  };
  return remarked(inbound, source, { persons: [person], unread: [...new Set(reader.unread)] });
}

function unplaced(source: Source, person: Customer): Callback {
  const { contact } = joined(person, source.around);
  return remarked({ kind: 'unplaced', raw: rawEntry(source, contact) }, source, { persons: [person] });
}

function senderOf(fields: Fields): Customer {
  const { number, userId } = personIn([
    pick(fields, 'from'),
    pick(fields, 'from_user_id', 'user_id'),
    pick(fields, 'wa_id'),
    pick(fields, 'from_parent_user_id', 'parent_user_id'),
  ]);
  return { number: number ?? numberShared(fields), userId };
}

/** The customer's own number, sent by WhatsApp's button that asks for it. */
function numberShared(fields: Fields): Customer['number'] {
  if (wordIn(pick(fields, 'origin')) !== 'contact_request') return undefined;
  const phone = recordIn(pick(recordIn(pick(fields, 'contacts')), 'phones'));
  return numberOf(pick(phone, 'wa_id')) ?? numberOf(pick(phone, 'phone'));
}

/** The type as the entry names it, or by the member that holds its content. */
function typeOf(fields: Fields, reader: Reader): string | undefined {
  const named = reader.take(['type'], wordIn);
  if (named !== undefined) return messageTypeIn(named);
  return isOtherEvent(fields) ? undefined : contentOf(fields);
}

/** An event that does not say that it is a message. */
function isOtherEvent(fields: Fields): boolean {
  const event = wordIn(pick(fields, 'event'));
  return event !== undefined && !/message|inbound|received/.test(event);
}

/** The type of the first content that the message has. */
function contentOf(fields: Fields): string | undefined {
  return Object.keys(MESSAGE_TYPES).find((type) => pick(fields, type) !== undefined);
}

function isNotice(type: string, fields: Fields): boolean {
  const readAs = readMessageAs(type);
  if (readAs !== undefined) return readAs === 'notice' || isAutomatic(fields);
  // A new type with nothing but an error is content that WhatsApp can't deliver.
  const content = pick(fields, type) === undefined ? contentOf(fields) : type;
  if (content !== undefined && readMessageAs(content) !== 'notice') return false;
  return pick(fields, 'unsupported', 'errors') !== undefined;
}

/** A permission to call that WhatsApp grants by itself, because the customer called. */
function isAutomatic(fields: Fields): boolean {
  const reply = recordIn(pick(recordIn(pick(fields, 'interactive')), 'call_permission_reply'));
  return wordIn(pick(reply, 'response_source')) === 'automatic';
}

/** A message in a group is not one to the business. */
function isOfGroup(fields: Fields): boolean {
  const group = pick(fields, 'group_id', 'groupJid');
  if (group !== undefined && !NO.has(plainWord(group))) return true;
  if (YES.has(plainWord(pick(fields, 'isGroup')))) return true;
  if (wordIn(pick(fields, 'recipient_type', 'chat_type')) === 'group') return true;
  const names = [pick(fields, 'from'), pick(fields, 'to'), pick(fields, 'chatId')];
  return names.some((name) => /@g\.us$/.test(textIn(name) ?? ''));
}

const NO = new Set(['false', 'no', 'null', 'none', 'undefined', '0']);
const YES = new Set(['true', 'yes', '1']);

/** A gateway may write yes and no as values or as text. */
function plainWord(value: unknown): string {
  const found = unpacked(value);
  return typeof found === 'object' ? '' : String(found).trim().toLowerCase();
}

function hasId(fields: Fields): boolean {
  return pick(fields, 'event') === undefined && pick(fields, 'messageId', 'id', 'profileName') !== undefined;
}

/** An entry of a new type is a message only if it names a sender or a recipient. */
function isMessage(type: string | undefined, fields: Fields): boolean {
  return (
    (type !== undefined && readMessageAs(type) !== undefined) ||
    pick(fields, 'from', 'from_user_id', 'to') !== undefined
  );
}

function addOnce(names: string[], name: string): void {
  if (!names.includes(name)) names.push(name);
}
