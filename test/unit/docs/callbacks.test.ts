/** The table of WhatsApp's types and events: its page, and that a row does what it says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { callbacksPage } from '../../../scripts/docs-callbacks.ts';
import type { Callback } from '../../../src/lib/lipachat/callback.ts';
import { readCallbacks } from '../../../src/lib/lipachat/parse-callbacks.ts';
import {
  MESSAGE_TYPES,
  SYSTEM_TYPES,
  WEBHOOK_FIELDS,
} from '../../../src/lib/lipachat/reading/event-kinds.ts';
import {
  EVENT_SOURCES,
  FIELD_TEXTS,
  MESSAGE_TEXTS,
  STATUS_TEXTS,
  SYSTEM_TEXTS,
} from '../../../src/lib/lipachat/reading/event-texts.ts';
import { STATUS_WORDS } from '../../../src/lib/lipachat/reading/status-words.ts';
import { ROOT } from '../../support/readme.ts';

const pair = { business: '254110090747', customer: '254717746565' };
const metadata = { display_phone_number: pair.business, phone_number_id: '9' };
const message = { from: pair.customer, id: 'wamid.1', timestamp: '1795514400' };
const inField = (field: string, value: object): Callback[] =>
  readCallbacks({ entry: [{ id: '1', changes: [{ field, value: { metadata, ...value } }] }] });
const kindOf = ([callback]: readonly Callback[]) => callback?.kind;

describe('docs/callbacks.md', () => {
  it('is what the facts say: write it with `npm run docs:callbacks`', () => {
    expect(readFileSync(join(ROOT, 'docs/callbacks.md'), 'utf8')).toBe(callbacksPage());
  });

  it('says what each is, and where that is from', () => {
    for (const texts of [MESSAGE_TEXTS, SYSTEM_TEXTS, FIELD_TEXTS, STATUS_TEXTS])
      for (const { what, source } of Object.values(texts)) {
        expect(what).toMatch(/[^.|]$/);
        expect(Object.keys(EVENT_SOURCES)).toContain(source.split(' ')[0]);
      }
  });
});

describe('a row does what it says', () => {
  it.each(Object.entries(MESSAGE_TYPES))('messages of the type %s: %s', (type, readAs) => {
    const [whatsapp, flat] = [
      inField('messages', { messages: [{ ...message, type }] }),
      readCallbacks({ messageId: 'm', from: pair.customer, to: pair.business, type: type.toUpperCase() }),
    ];
    expect([kindOf(whatsapp), kindOf(flat)]).toEqual([readAs, readAs]);
  });

  it.each(Object.entries(MESSAGE_TYPES))('a group’s message of the type %s is a notice', (type) => {
    const messages = [{ ...message, type, group_id: 'g', text: { body: 'stop' } }];
    expect(inField('messages', { messages })).toEqual([{ kind: 'notice', about: 'group' }]);
  });

  it.each<[string, object]>([
    ['a group’s id', { groupId: 'g' }],
    ['a mark', { isGroup: true }],
    ['the kind of chat', { chatType: 'group' }],
    ['the address of a group', { chatId: '1203630@g.us' }],
  ])('a flat message of a group is a notice, by %s', (_, more) => {
    const body = {
      messageId: 'm',
      from: pair.customer,
      to: pair.business,
      type: 'TEXT',
      text: 'stop',
      ...more,
    };
    expect(readCallbacks(body)).toEqual([{ kind: 'notice', about: 'group' }]);
  });

  it.each(Object.entries(SYSTEM_TYPES))('a system message of the type %s: %s', (type, readAs) => {
    const system = { type, wa_id: '254700000001', user_id: 'KE.2', previous_user_id: 'KE.1' };
    expect(kindOf(inField('messages', { messages: [{ ...message, type: 'system', system }] }))).toBe(readAs);
  });

  it.each(Object.entries(WEBHOOK_FIELDS))('the field %s: %s', (field, readAs) => {
    const messages = [{ ...message, type: 'text', text: { body: 'stop' } }];
    const expected = readAs === 'messages' ? 'inbound' : readAs;
    expect(kindOf(inField(field, { event: 'APPROVED', messages }))).toBe(expected);
  });

  it.each(Object.entries(STATUS_WORDS))('the status %s: %s', (word, readAs) => {
    for (const status of [word, word.toUpperCase()]) {
      const [callback] = inField('messages', { statuses: [{ id: 'w', status }] });
      expect(callback?.kind === 'status' ? callback.report.status : callback?.kind).toBe(readAs);
    }
  });

  it.each([
    ['USER_INITIATED', 'connect', 'inbound'],
    ['USER_INITIATED', 'terminate', 'inbound'],
    ['BUSINESS_INITIATED', 'connect', 'notice'],
    ['BUSINESS_INITIATED', 'terminate', 'notice'],
    [undefined, 'connect', 'inbound'],
  ])('a call, %s, %s: %s', (direction, event, kind) => {
    const call = { ...message, to: pair.business, event, direction };
    expect(inField('calls', { calls: [call] })).toMatchObject([{ kind }]);
  });

  it('a call that names the business first is the customer’s, if they placed it', () => {
    const call = { id: 'c', from: pair.business, to: pair.customer, direction: 'USER_INITIATED' };
    expect(inField('calls', { calls: [call] })).toMatchObject([{ kind: 'inbound', pair }]);
  });

  it('a call is of the time at which it began', () => {
    const call = { ...message, event: 'terminate', direction: 'USER_INITIATED', start_time: '1795514000' };
    expect(inField('calls', { calls: [call] })).toMatchObject([{ writtenAt: new Date(1_795_514_000_000) }]);
  });

  it.each([
    ['stop', 'marketing_messages', 'preference'],
    ['STOP', 'MARKETING_MESSAGES', 'preference'],
    ['resume', undefined, 'preference'],
    ['signup', 'marketing_messages', 'notice'],
    ['stop', 'utility_messages', 'notice'],
    ['dance', 'marketing_messages', 'unrecognised'],
  ])('a preference, %s, %s: %s', (value, category, kind) => {
    const user_preferences = [{ wa_id: pair.customer, value, category }];
    expect(kindOf(inField('user_preferences', { user_preferences }))).toBe(kind);
  });

  it.each([
    ['user_action', 'inbound'],
    ['automatic', 'notice'],
  ])('a permission to call, %s: %s', (response_source, kind) => {
    const interactive = {
      type: 'call_permission_reply',
      call_permission_reply: { response: 'accept', response_source },
    };
    expect(
      kindOf(inField('messages', { messages: [{ ...message, type: 'interactive', interactive }] })),
    ).toBe(kind);
  });

  it('what has no row is new, and a message in it is not lost', () => {
    expect(kindOf(inField('telepathy', { thoughts: [1] }))).toBe('unrecognised');
    expect(kindOf(inField('messages', { thoughts: [1] }))).toBe('unrecognised');
    const messages = [{ ...message, type: 'thought' }];
    expect(inField('telepathy', { messages })).toMatchObject([
      { kind: 'inbound', pair, unread: { fields: ['type', 'field'] } },
    ]);
  });

  it('errors alone are a notice', () => {
    expect(inField('messages', { errors: [{ code: 131000 }] })).toEqual([
      { kind: 'notice', about: 'errors' },
    ]);
  });
});
