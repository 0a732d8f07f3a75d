/** `npm run docs:callbacks`: writes docs/callbacks.md from the facts about WhatsApp's webhooks. A test compares them. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  MESSAGE_TYPES,
  type ReadAs,
  SYSTEM_TYPES,
  WEBHOOK_FIELDS,
} from '../src/lib/lipachat/reading/event-kinds.ts';
import {
  EVENT_SOURCES,
  EVENTS_CHECKED_ON,
  FIELD_TEXTS,
  MESSAGE_TEXTS,
  STATUS_TEXTS,
  SYSTEM_TEXTS,
} from '../src/lib/lipachat/reading/event-texts.ts';
import { STATUS_WORDS } from '../src/lib/lipachat/reading/status-words.ts';

const PAGE = fileURLToPath(new URL('../docs/callbacks.md', import.meta.url));

/** The page as the facts have it. */
export function callbacksPage(): string {
  return [
    '# What each callback does',
    '',
    '<!-- Written by `npm run docs:callbacks` from src/lib/lipachat/reading/. Change that. -->',
    '',
    ...RULES,
    `The rows were compared with their sources on ${EVENTS_CHECKED_ON}:`,
    '',
    ...Object.entries(EVENT_SOURCES).map(([name, source]) => `- **${name}**: ${source}`),
    '',
    ...section('Messages', 'type', MESSAGE_TEXTS, MESSAGE_TYPES),
    ...section('System messages', '`system.type`', SYSTEM_TEXTS, SYSTEM_TYPES),
    ...section('Fields of a change', '`field`', FIELD_TEXTS, WEBHOOK_FIELDS),
    ...section('Statuses', '`status`', STATUS_TEXTS, STATUS_WORDS),
    ...TRY,
  ].join('\n');
}

const RULES = [
  'LipaChat may pass WhatsApp’s webhooks on whole, in part, or in its own shape. LipaFlow reads an entry field by field:',
  '',
  '- **Two facts are required**: what the entry is (its type, event or status), and what it is about (the customer and the business number, or',
  '  the id of a message). Every other field is optional. One that can’t be read is named in a log line, and the raw entry is kept.',
  '- **The window** opens when a customer writes to this business or calls it. A message type without a row is new: it opens the window, and',
  '  a log line names it. Notifications about people, messages, groups and accounts open nothing.',
  '- **A group message** is not addressed to the business: with a `group_id`, it opens no window and is not read for STOP or START.',
  '- **STOP and START** are read from what the customer typed, and from the text and the id of the button or list row that they chose.',
  '- **A customer** is a number (`from`, `wa_id`) or a user id (`from_user_id`, `user_id`, or `from`). Where both can be read, in the entry or',
  '  in its contact, they are one person. A message without a readable customer or business number is `unplaced`: it is kept, and raises an alarm.',
  '- **A time** may be a number of seconds, milliseconds, microseconds or nanoseconds, or a date in any common form. A time without a zone is',
  '  read as the latest instant that it may mean. A time after the arrival, or one that can’t be read, is replaced by the arrival.',
  '- **An error code** is found anywhere among the errors, in any shape. Responses and statuses share one reader.',
  '- **An id** or a name of more than 512 characters is replaced by its SHA-256.',
  '- **Unrecognised** entries are those that have no row here and are neither a message nor a status.',
  '',
];

const TRY = [
  '## Try them',
  '',
  'The simulator of `npm start` sends each shape. Below `http://127.0.0.1:4010/__sim`:',
  '',
  '- `POST /customers/{number}/messages` takes `shape`: `flat`, `array`, `messages`, `text` (JSON text), and WhatsApp’s `whatsapp`, `entry`,',
  '  `change` or `value`. `timestamp` is `s`, `ms`, `iso`, `local`, `list` or a number. `userId` adds a user id, and `hideNumber`',
  '  removes the number. `group` is the id of a group. `raw` is merged over the message.',
  '- `POST /customers/{number}/flow-replies` takes the shapes of [flow replies](flow-replies.md), and `timestamp`, `userId` and `raw`.',
  '- `POST /messages/{messageId}/status` takes `shape`: `flat`, `words`, `objects`, `whatsapp`, `entry`, `change` or `value`.',
  '- `POST /callbacks` sends any `body`.',
  '',
];

type Does = ReadAs | 'messages' | 'sent' | 'delivered' | 'read' | 'failed';

function section<T extends Readonly<Record<string, Does>>>(
  title: string,
  name: string,
  texts: Readonly<
    Record<keyof T, { readonly what: string; readonly source: string; readonly says?: string }>
  >,
  kinds: T,
): string[] {
  const rows = Object.entries(kinds).map(([key, does]) => {
    const { what, source, says } = texts[key] ?? { what: '', source: '' };
    const byEntries = does === 'messages' ? 'by its entries' : 'no';
    const opens = does === 'inbound' ? 'yes' : byEntries;
    const moves = does === 'moved' ? 'yes' : byEntries;
    return `| \`${key}\` | ${what} | ${opens} | ${says ?? byEntries} | ${moves} | ${keptOf(does)} | ${source} |`;
  });
  return [
    `## ${title}`,
    '',
    `| ${name} | what it is | opens the window | STOP or START | moves a person | kept | source |`,
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ];
}

function keptOf(does: Does): string {
  switch (does) {
    case 'inbound':
      return 'its id and time for 8 days, answers with their flow';
    case 'preference':
    case 'moved':
      return 'with the person';
    case 'template':
      return '30 days, and as an event';
    case 'messages':
      return 'by its entries';
    case 'notice':
      return 'a log line';
    default:
      return `with its message, as \`${does}\``;
  }
}

if (import.meta.main) await writeFile(PAGE, callbacksPage());
