import { onOneLine } from '../platform/text.ts';
import { asRecord, type Body, type Envelope, isText } from './envelope.ts';
import { unaccented } from './operator-trouble.ts';
import { textsIn } from './whatsapp-errors.ts';

/* What a response says: for rules, and for people. */

/** The members of LipaChat's envelope, and of its `data`, that hold its words. Other members may echo the message. */
const SAYING = [
  'message',
  'statusDesc',
  'error',
  'errors',
  'reason',
  'description',
  'detail',
  'details',
  'title',
  'code',
  'errorCode',
  'errorMessage',
  'error_description',
];
/** Members that hold an HTTP status as a number. */
const STATUS_NAMES = new Set(['status', 'statuscode', 'httpstatus', 'httpstatuscode', 'code', 'errorcode']);
/** Members of an error that name the field at fault. */
const FIELD_NAMES = new Set(['field', 'param', 'parameter', 'property', 'path', 'name', 'header']);

/**
 * The texts of a response, for rules; besides, `http 401` for a status of HTTP in a member, and `field: api key`
 * if an error is about that header.
 */
export function textsOf({ envelope, isOwn }: Extract<Body, { kind: 'object' }>): string[] {
  if (!isOwn) return [...textsIn(envelope), ...statusesIn(envelope)].filter(Boolean);
  const { message, data, errors } = envelope;
  const inData = asRecord(data);
  const said = [
    ...sayingsOf({ ...envelope }),
    ...sayingsOf(inData ?? {}),
    isText(message) ? '' : inData?.['status'],
    typeof data === 'string' ? data : '',
  ];
  return [...said.flatMap(textsIn), ...said.flatMap(statusesIn), ...fieldsAtFault(errors)].filter(Boolean);
}

/** The members that say something, under their names. */
function sayingsOf(record: Record<string, unknown>): unknown[] {
  return SAYING.filter((name) => Object.hasOwn(record, name)).map((name) =>
    typeof record[name] === 'number' ? { [name]: record[name] } : record[name],
  );
}

function statusesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(statusesIn);
  return Object.entries(asRecord(value) ?? {}).flatMap(([name, inner]) => {
    if (typeof inner === 'object') return statusesIn(inner);
    const isStatus =
      STATUS_NAMES.has(name.toLowerCase().replaceAll('_', '')) && /^[45]\d\d$/.test(`${inner}`);
    return isStatus ? [`http ${inner}`] : [];
  });
}

/** A name of the request's header. Another field is the message's, whatever its name. */
const CREDENTIAL_FIELD =
  /^(?:headers?[.: ])?(?:x[-_])?(?:api[-_ ]?key|authorization|access[-_ ]?token|auth[-_ ]?token|bearer)$/i;

function fieldsAtFault(errors: unknown): string[] {
  const entries = Array.isArray(errors) ? errors : [errors];
  const names = entries.flatMap((entry) =>
    Object.entries(asRecord(entry) ?? {}).flatMap(([name, inner]) =>
      FIELD_NAMES.has(name.toLowerCase()) ? inner : name,
    ),
  );
  return names.some((name) => isText(name) && CREDENTIAL_FIELD.test(name)) ? ['field: api key'] : [];
}

const TAKEN =
  /\b(?:success(?:ful(?:ly)?)?|sent|accepted|queued|submitted|received|processed|delivered|ok|okay|done|(?:im|um)etumwa|(?:im|um)epokelewa|(?:im|um)ekubaliwa|imefanikiwa|kikamilifu|envoyee?|acceptee?|recue?|succes)\b/;
const NOT_TAKEN =
  /\b(?:not|no|never|cannot|can't|unable|already|duplicate|without|un\w+|in(?:valid|correct|sufficient)\w*|fail\w*|error\w*|reject\w*|refuse\w*|missing|required|ha(?:i|u)\w*|imeshindwa|imeshindikana|hitilafu|non|pas|echec|erreur)\b|n't\b/;

/** `Message queued`, with no word that takes it back. */
export function saysTaken({ message }: Envelope): boolean {
  const read = unaccented(String(message)).toLowerCase();
  return TAKEN.test(read) && !NOT_TAKEN.test(read);
}

/** What the response says, for people: LipaChat's own text, with its errors as they came. */
export function shownWords({ message, data, errors }: Envelope): string {
  const { statusDesc, status } = asRecord(data) ?? {};
  const [said] = [message, statusDesc, status].filter(isText);
  const rest =
    errors === null || errors === undefined || typeof errors === 'string' ? errors : asJson(errors);
  return [said, rest].filter(Boolean).join(' ');
}

/** Without the escapes that JSON writes for control characters: they would hide what stands on two lines. */
function asJson(value: unknown): string {
  return JSON.stringify(value, (_, inner) => (typeof inner === 'string' ? onOneLine(inner) : inner));
}
