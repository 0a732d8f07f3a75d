import type { Callback } from '../callback.ts';
import { readFieldAs } from './event-kinds.ts';
import { type Fields, keyIn, pick, readerOf, recordIn, textIn, wordIn } from './fields.ts';
import { instantIn } from './instants.ts';
import { idOf, joined, personIn } from './people.ts';
import { businessOf, notice, rawEntry, remarked, type Source, unrecognised } from './surroundings.ts';

/* Everything but messages and statuses: calls, preferences, templates, and events that have no effect. */

/**
 * A call opens the window if the customer placed it (Meta: "messages you or calls you"), answered or not. `terminate`
 * brings the same id again, or for the first time if `connect` is lost.
 */
export function readCall(source: Source): Callback {
  const { fields } = source;
  const direction = wordIn(pick(fields, 'direction'));
  const business = businessOf(source);
  const from = personIn([pick(fields, 'from'), pick(fields, 'from_user_id')]);
  const isFromBusiness = from.number !== undefined && from.number === business;
  const named = isFromBusiness ? personIn([pick(fields, 'to'), pick(fields, 'to_user_id')]) : from;
  const { person } = joined(named, source.around);
  const customer = idOf(person);
  const isByUser = direction === undefined ? !isFromBusiness : direction.includes('user');
  if (!isByUser || pick(fields, 'group_id') !== undefined) return remarked(notice('call'), source);
  if (!business || !customer) return remarked({ kind: 'unplaced', raw: rawEntry(source) }, source);
  const reader = readerOf(fields);
  const callback: Callback = {
    kind: 'inbound',
    id: reader.take(['id'], keyIn),
    pair: { business, customer },
    // `terminate` is stamped with the end of the call.
    writtenAt: reader.take(['start_time'], instantIn) ?? reader.take(['timestamp'], instantIn),
    said: [],
    reply: undefined,
  };
  return remarked(callback, source, { persons: [person], unread: reader.unread });
}

const MARKETING = new Set([undefined, 'marketing_messages', 'marketing', 'all']);
const CHOICES = new Map([
  ['stop', true],
  ['resume', false],
]);

/** The customer's choice in WhatsApp's own settings. A sign-up elsewhere does not revoke a STOP. */
export function readPreference(source: Source): Callback {
  const { fields } = source;
  const reader = readerOf(fields);
  const value = wordIn(pick(fields, 'value'));
  if (!MARKETING.has(reader.take(['category'], wordIn)) || value === 'signup')
    return remarked(notice('user_preferences'), source);
  const optedOut = CHOICES.get(value ?? '');
  if (optedOut === undefined) return unrecognised(source);
  const named = personIn([
    pick(fields, 'wa_id', 'from'),
    pick(fields, 'user_id', 'from_user_id', 'parent_user_id'),
  ]);
  const { person } = joined(named, source.around);
  const [business, customer] = [businessOf(source), idOf(person)];
  if (!business || !customer) return remarked({ kind: 'unplaced', raw: rawEntry(source) }, source);
  const writtenAt = reader.take(['timestamp'], instantIn);
  return remarked({ kind: 'preference', pair: { business, customer }, optedOut, writtenAt }, source, {
    persons: [person],
    unread: reader.unread,
  });
}

const LONGEST_WORD = 64;

/** WhatsApp's verdict on a template, in LipaChat's shape and in WhatsApp's. */
export function readTemplate(source: Source, template: Fields): Callback {
  const reader = readerOf(template);
  const status = textIn(pick(template, 'status', 'event'))?.trim();
  if (!status) return unrecognised(source);
  const named = {
    templateId: reader.take(['templateId'], keyIn) ?? reader.take(['message_template_id'], keyIn),
    templateName: reader.take(['templateName'], keyIn) ?? reader.take(['message_template_name'], keyIn),
  };
  const word = status.slice(0, LONGEST_WORD).toUpperCase().toWellFormed();
  return remarked({ kind: 'template', status: { status: word, ...named } }, source, {
    unread: reader.unread,
  });
}

/** An event that the table knows by its field or, without one, by its content. */
export function readEvent(source: Source): Callback {
  const { field, brings, isNewField } = source.around ?? {};
  const readAs = readFieldAs(field);
  if (readAs === 'template')
    return readTemplate(source, recordIn(pick(source.fields, 'value')) ?? source.fields);
  if (readAs === 'notice') return remarked(notice(field ?? ''), source);
  const value = source.around?.value;
  if (field === undefined && value && isOfTemplate(value)) return readTemplateNews(source, value);
  return brings === undefined || isNewField ? unrecognised(source) : remarked(notice(brings), source);
}

/** An event about a template, without a field that names it. */
export function isOfTemplate(value: Fields): boolean {
  return pick(value, 'message_template_id', 'message_template_name') !== undefined;
}

export function readTemplateNews(source: Source, value: Fields): Callback {
  const isVerdict = pick(value, 'event') !== undefined;
  return isVerdict ? readTemplate(source, value) : remarked(notice('template'), source);
}
