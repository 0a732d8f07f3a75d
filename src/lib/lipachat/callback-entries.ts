import { readFieldAs, VALUE_MEMBERS } from './reading/event-kinds.ts';
import { type Fields, isEmpty, listIn, pick, recordIn, unpacked, wordIn } from './reading/fields.ts';

/*
 * The entries of a callback's body, each of which is read on its own (`parse-callbacks.ts`): an object, a list of them,
 * `{ messages: [...] }`, or WhatsApp's envelope, whole or from any of its levels (entry, change, value) on. Nothing is
 * dropped: what no rule fits is an entry too.
 */

export interface Entry {
  readonly as: /** A message or a status, in LipaChat's shape or WhatsApp's. */
    | 'own'
    | 'status'
    | 'call'
    | 'preference'
    | 'userIdUpdate'
    /** An event about an account, a template, a group or other things. */
    | 'event';
  readonly body: unknown;
  /** Its context in WhatsApp's envelope. */
  readonly around?: Around | undefined;
}

export interface Around {
  /** The kind of event that WhatsApp says it is. */
  readonly field: string | undefined;
  /** The kind of event by what the value brings. */
  readonly brings: string | undefined;
  /** No row of the table has this field. */
  readonly isNewField: boolean;
  readonly value: Fields;
  /** Everything in the value's lists, this entry too. */
  readonly bodies: readonly unknown[];
  /** Is it the first entry of its value? */
  readonly isFirst: boolean;
}

const DEEPEST_LIST = 4;

export function entriesIn(body: unknown): Entry[] {
  return Array.isArray(body) ? body.flatMap((one) => entriesOf(one, 1)) : entriesOf(body, 0);
}

function entriesOf(body: unknown, depth: number): Entry[] {
  const found = unpacked(body);
  if (Array.isArray(found) && found.length > 0 && depth < DEEPEST_LIST)
    return found.flatMap((one) => entriesOf(one, depth + 1));
  const fields = Array.isArray(found) ? undefined : recordIn(found);
  if (!fields) return [{ as: 'own', body: found }];
  const ownEvent = OWN_EVENTS.find((name) => pick(fields, name) !== undefined);
  if (ownEvent !== undefined) return inOwnEvent(fields, ownEvent);
  const entries = listIn(pick(fields, 'entry'));
  if (entries.length > 0) return entries.flatMap(inEntry);
  const wrapped = wrappedIn(fields);
  if (wrapped !== undefined && depth < DEEPEST_LIST) return entriesOf(wrapped, depth + 1);
  return inParts(fields) ?? (isEmptyBatch(fields) ? [] : [{ as: 'own', body: found }]);
}

const OWN_EVENTS = ['messageStatus', 'templateStatus'];

/** LipaChat's own event, with one content or with several. */
function inOwnEvent(fields: Fields, name: string): Entry[] {
  const contents = listIn(pick(fields, name));
  if (contents.length < 2) return [{ as: 'own', body: fields }];
  return contents.map((content) => ({ as: 'own', body: { event: pick(fields, 'event'), [name]: content } }));
}

const WRAPPERS = ['data', 'payload', 'message', 'inboundMessage', 'messageReceived', 'notification', 'body'];
const OF_CALLBACKS = [
  'from',
  'from_user_id',
  'entry',
  'changes',
  'messages',
  'statuses',
  'messageStatus',
  'waId',
];

/** A callback inside one object more, as LipaChat's own events have it (`{ "event": …, "messageStatus": {} }`). */
function wrappedIn(fields: Fields): unknown {
  if (pick(fields, ...OF_CALLBACKS) !== undefined) return undefined;
  return WRAPPERS.map((name) => unpacked(pick(fields, name))).find((inner) =>
    listIn(inner).some((one) => pick(recordIn(one), ...OF_CALLBACKS) !== undefined),
  );
}

/** `{ "messages": [] }`. An empty list beside other members may accompany a flat callback. */
function isEmptyBatch(fields: Fields): boolean {
  const names = Object.keys(fields);
  return names.length === 1 && names[0] === 'messages' && Array.isArray(fields['messages']);
}

function inEntry(entry: unknown): Entry[] {
  const fields = recordIn(entry);
  return (fields && inParts(fields)) ?? [{ as: 'event', body: entry }];
}

/** The parts of an entry, a change or a value; undefined if it is none of them. */
function inParts(fields: Fields): Entry[] | undefined {
  const changes = listIn(pick(fields, 'changes'));
  if (changes.length > 0) return changes.flatMap(inChange);
  if (pick(fields, 'from') === undefined && recordIn(pick(fields, 'value'))) return inChange(fields);
  return isValue(fields) ? inValue(fields, undefined, fields) : undefined;
}

function isValue(fields: Fields): boolean {
  if (LISTS.some(({ member }) => listIn(pick(fields, member)).length > 0)) return true;
  return recordIn(pick(fields, 'metadata')) !== undefined && pick(fields, 'from') === undefined;
}

function inChange(change: unknown): Entry[] {
  const fields = recordIn(change);
  const value = recordIn(pick(fields, 'value'));
  return value ? inValue(value, wordIn(pick(fields, 'field')), change) : [{ as: 'event', body: change }];
}

const LISTS = [
  { member: 'messages', as: 'own' },
  { member: 'statuses', as: 'status' },
  { member: 'calls', as: 'call' },
  { member: 'user_preferences', as: 'preference' },
  { member: 'user_id_update', as: 'userIdUpdate' },
] as const;

/** A new field may bring messages, too. A field that the table lists as an event does not. */
function inValue(value: Fields, field: string | undefined, whole: unknown): Entry[] {
  const readAs = readFieldAs(field);
  const isNewField = field !== undefined && readAs === undefined;
  const entries =
    readAs === 'notice' || readAs === 'template'
      ? []
      : LISTS.flatMap(({ member, as }) => listIn(pick(value, member)).map((body) => ({ as, body })));
  const bodies = entries.map(({ body }) => body);
  const around = { field, brings: memberOf(value), isNewField, value, bodies, isFirst: true };
  if (entries.length > 0)
    return entries.map((entry, n) => ({ ...entry, around: { ...around, isFirst: n === 0 } }));
  if (isNothing(value)) return [];
  return [{ as: 'event', body: whole, around }];
}

/** Nothing but empty lists. */
function isNothing(value: Fields): boolean {
  const lists = LISTS.filter(({ member }) => Array.isArray(value[member]));
  const others = Object.entries(value).filter(
    ([name]) => name !== 'metadata' && name !== 'messaging_product',
  );
  return lists.length > 0 && others.every(([, member]) => isEmpty(member));
}

/** The event's name, by the first member that tells. */
function memberOf(value: Fields): string | undefined {
  return Object.entries(VALUE_MEMBERS).find(([member]) => pick(value, member) !== undefined)?.[1];
}
