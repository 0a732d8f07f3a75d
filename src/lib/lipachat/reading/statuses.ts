import { shortened } from '../../platform/text.ts';
import type { Callback, Status } from '../callback.ts';
import { errorsIn, textsIn } from '../whatsapp-errors.ts';
import { type Fields, keyIn, pick, type Reader, readerOf, textIn, wordIn } from './fields.ts';
import { instantIn } from './instants.ts';
import { joined, personIn } from './people.ts';
import { statusIn } from './status-words.ts';
import { notice, remarked, type Source, unrecognised } from './surroundings.ts';

/* A message's status, in LipaChat's shape and in WhatsApp's. Its word and one of its ids decide. */

/** Members that say why a message failed. */
const REASONS = [
  ...['errors', 'error', 'errorCode', 'errorCodes', 'code', 'codes', 'statusDesc', 'statusDescription'],
  ...['description', 'reason', 'title', 'message', 'details', 'detail', 'errorMessage', 'failureReason'],
] as const;
const LONGEST_DETAIL = 300;

export function readStatus(source: Source, status: Fields): Callback {
  const reader = readerOf(status);
  const word = statusIn(pick(status, 'status'));
  const waId = reader.take(['waId'], keyIn);
  const messageId = reader.take(['messageId'], keyIn);
  const id = waId === undefined ? reader.take(['id'], keyIn) : undefined;
  if (isOfCall(source, status)) return remarked(notice('call status'), source);
  if (wordIn(pick(status, 'recipient_type')) === 'group') return remarked(notice('group'), source);
  if (word === undefined || (waId ?? messageId ?? id) === undefined) return unrecognised(source);
  const { person } = joined(recipientOf(status), source.around);
  if (word === 'notice')
    return remarked(notice(`status ${wordIn(pick(status, 'status'))}`), source, { persons: [person] });
  const callback: Status = {
    kind: 'status',
    messageId,
    report: {
      status: word,
      waId: waId ?? (source.as === 'status' || messageId === undefined ? id : undefined),
      // Only a failure's reason is worth keeping.
      ...(word === 'failed' ? reasonIn(status, reader) : {}),
    },
    at: reader.take(['timestamp'], instantIn),
  };
  return remarked(callback, source, { persons: [person], unread: reader.unread });
}

function recipientOf(status: Fields) {
  return personIn([
    pick(status, 'recipient_id', 'recipient', 'to'),
    pick(status, 'recipient_user_id', 'user_id'),
    pick(status, 'recipient_parent_user_id', 'parent_user_id'),
  ]);
}

function isOfCall({ around }: Source, status: Fields): boolean {
  return around?.field === 'calls' || wordIn(pick(status, 'type')) === 'call';
}

/** The code and the words of a failure. Members that say neither are unread. */
function reasonIn(status: Fields, reader: Reader): Pick<Status['report'], 'code' | 'detail'> {
  const members = Object.fromEntries(
    REASONS.map((name) => [
      name,
      reader.take([name], (value) => (isSaying(name, value) ? value : undefined)),
    ]),
  );
  const { code } = errorsIn(members, textsIn(members).join(' '));
  return { code, detail: shortened(detailIn(status), LONGEST_DETAIL) || undefined };
}

function isSaying(name: string, value: unknown): boolean {
  return textsIn(value).length > 0 || errorsIn({ [name]: value }, '').codes.length > 0;
}

/** For people: `131047 Re-engagement message`. */
function detailIn(status: Fields): string {
  const errors = pick(status, 'errors', 'error');
  const list = Array.isArray(errors) ? errors : [errors];
  const own = [
    textIn(pick(status, 'errorCode', 'code')),
    wordsOf(pick(status, 'statusDesc', 'statusDescription', 'description', 'reason', 'title')),
  ];
  return [own.filter(Boolean).join(' '), ...list.map(wordsOf)].filter(Boolean).join('; ');
}

/** A code and its title; of anything else, all of its words. */
function wordsOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return textIn(error) ?? '';
  const fields: Fields = { ...error };
  const [code, title] = [textIn(pick(fields, 'code')), textIn(pick(fields, 'title', 'message'))];
  return code === undefined && title === undefined
    ? textsIn(error).join(' ')
    : [code, title].filter(Boolean).join(' ');
}
