import type { Callback } from './callback.ts';
import { entriesIn } from './callback-entries.ts';
import {
  isOfTemplate,
  readCall,
  readEvent,
  readPreference,
  readTemplate,
  readTemplateNews,
} from './reading/events.ts';
import {
  bareName,
  DEEPEST_RAW,
  type Fields,
  isDeeperThan,
  pick,
  recordIn,
  textIn,
} from './reading/fields.ts';
import { readMessage } from './reading/inbound.ts';
import { statusIn } from './reading/status-words.ts';
import { readStatus } from './reading/statuses.ts';
import { businessNumbersIn, type Source } from './reading/surroundings.ts';
import { readUserIdUpdate } from './reading/system.ts';

/*
 * Parses LipaChat's callbacks, in every known or likely shape, field by field:
 *
 * 1. The kind of an entry and its subject are required: its type, the customer and the business number, the status and the ids.
 * 2. Every other field is optional. One that can't be read is named in `unread`, with the raw entry.
 * 3. Only what is new is `unrecognised`.
 */

/** Parses a callback's body; `text` is its source. Every entry yields a callback: nothing is dropped. */
export function readCallbacks(body: unknown, text = ''): Callback[] {
  const entries = entriesIn(body);
  const numbers = businessNumbersIn(entries);
  const callbacks = entries.map((entry) =>
    readEntry({ ...entry, fields: recordIn(entry.body) ?? {}, numbers }),
  );
  const [only] = callbacks;
  // JSON nested deeper than the call stack: no real callback is.
  const isCut = callbacks.length === 1 && only?.kind === 'unrecognised' && isDeeperThan(body, DEEPEST_RAW);
  return isCut && text !== '' ? [{ kind: 'unrecognised', raw: text }] : callbacks;
}

function readEntry(source: Source): Callback {
  switch (source.as) {
    case 'own':
      return readOwn(source);
    case 'status':
      return readStatus(source, source.fields);
    case 'call':
      return readCall(source);
    case 'preference':
      return readPreference(source);
    case 'userIdUpdate':
      return readUserIdUpdate(source);
    case 'event':
      return readEvent(source);
  }
}

/** LipaChat's own events name themselves, and their content is under that name. */
function readOwn(source: Source): Callback {
  const { fields } = source;
  const event = bareName(textIn(pick(fields, 'event')) ?? '');
  const status = recordIn(pick(fields, 'messageStatus'));
  const template = recordIn(pick(fields, 'templateStatus'));
  if (event === 'messagestatus' || (status && !template)) return readStatus(source, status ?? fields);
  if (event === 'templatestatus' || template) return readTemplate(source, template ?? fields);
  if (isOfTemplate(fields)) return readTemplateNews(source, fields);
  return isBareStatus(fields) ? readStatus(source, fields) : readMessage(source);
}

/** A status without the name of its event. A message may have a status too, but it has a type or content. */
function isBareStatus(fields: Fields): boolean {
  const isOfMessage = pick(fields, 'type', 'text', 'interactive', 'button') !== undefined;
  if (isOfMessage || pick(fields, 'status') === undefined) return false;
  return pick(fields, 'from') === undefined || statusIn(pick(fields, 'status')) !== undefined;
}
