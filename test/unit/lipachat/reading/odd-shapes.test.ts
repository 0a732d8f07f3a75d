/** Shapes in which a gateway may pass a callback on: what can be read counts, the rest is named and kept raw. */
import { describe, expect, it } from 'vitest';
import type { Callback } from '../../../../src/lib/lipachat/callback.ts';
import { entriesIn } from '../../../../src/lib/lipachat/callback-entries.ts';
import { readCallbacks } from '../../../../src/lib/lipachat/parse-callbacks.ts';

const pair = { business: '254110090747', customer: '254717746565' };
const flat = { messageId: 'in-1', from: pair.customer, to: pair.business, type: 'TEXT', text: 'Habari' };
const message = {
  from: pair.customer,
  id: 'in-1',
  timestamp: '1795514400',
  type: 'text',
  text: { body: 'Habari' },
};
const metadata = { display_phone_number: pair.business, phone_number_id: '9' };
const value = { messaging_product: 'whatsapp', metadata, messages: [message] };
const change = { field: 'messages', value };
const status = { id: 'wamid.A', status: 'delivered', timestamp: '1795514400', recipient_id: pair.customer };

const read = (body: unknown): Callback[] => {
  const callbacks = readCallbacks(body);
  expect(entriesIn(body)).toHaveLength(callbacks.length);
  return callbacks;
};
const said = (callback: Callback | undefined) =>
  callback?.kind === 'inbound' ? callback.said : callback?.kind;

describe('a message is read', () => {
  it.each<[string, unknown]>([
    ['flat', flat],
    ['as JSON text', JSON.stringify(flat)],
    ['in a list in a list', [[flat]]],
    ['in one object more', { event: 'MESSAGE_RECEIVED', message: flat }],
    ['in data', { event: 'MESSAGE', data: flat }],
    ['in a list in data', { success: true, data: [flat] }],
    ['in JSON text in a payload', { payload: JSON.stringify(flat) }],
    ['in an envelope in a body', { body: { entry: [{ changes: [change] }] } }],
    ['with objects for people', { ...flat, from: { phone: pair.customer }, to: [pair.business] }],
    ['with its text in a list', { ...flat, text: ['Habari'] }],
    ['as the only message', { messages: flat }],
    ['as messages in JSON text', { messages: JSON.stringify([flat]) }],
    ['with each message as JSON text', { messages: [JSON.stringify(flat)] }],
    ['with numbers for numbers', { ...flat, from: 254717746565, to: 254110090747 }],
    ['with a plus and blanks', { ...flat, from: '+254 717 746 565', to: ' +254-110-090747 ' }],
    [
      'with the prefix of other gateways',
      { ...flat, from: `whatsapp:+${pair.customer}`, to: `${pair.business}@c.us` },
    ],
    ['in capitals', Object.fromEntries(Object.entries(flat).map(([name, one]) => [name.toUpperCase(), one]))],
    ['in snake case', { ...flat, messageId: undefined, message_id: 'in-1' }],
    ['without a type', { ...flat, type: undefined }],
    ['with null for a type', { ...flat, type: null }],
    ['with its text in an object', { ...flat, text: { body: 'Habari' } }],
    ['with its text in JSON text', { ...flat, text: '{"body":"Habari"}' }],
    ['with its text under another name', { ...flat, text: undefined, body: 'Habari' }],
    ['with the name of an event', { ...flat, event: 'MESSAGE_RECEIVED' }],
    ['with a status of its own', { ...flat, status: 'RECEIVED' }],
    ['beside empty lists', { ...flat, messages: [], statuses: [], context: [], errors: [] }],
    [
      'in WhatsApp’s envelope',
      { object: 'whatsapp_business_account', entry: [{ id: '1', changes: [change] }] },
    ],
    ['in an entry that is no list', { entry: { id: '1', changes: [change] } }],
    ['in changes that are no list', { entry: [{ id: '1', changes: change }] }],
    [
      'in messages that are no list',
      { entry: [{ changes: [{ field: 'messages', value: { ...value, messages: message } }] }] },
    ],
    ['in an envelope in JSON text', { entry: JSON.stringify([{ changes: [change] }]) }],
    [
      'in a value in JSON text',
      { entry: [{ changes: [{ field: 'messages', value: JSON.stringify(value) }] }] },
    ],
    ['in a list of envelopes', [{ entry: [{ changes: [change] }] }]],
    ['in an entry alone', { id: '1', changes: [change] }],
    ['in a change alone', change],
    ['in a change without a field', { value }],
    ['in a value alone', value],
    ['in a value alone, without a product', { metadata, messages: [message] }],
    ['in a value with a field', { ...value, field: 'messages' }],
    ['in a value with metadata in JSON text', { ...value, metadata: JSON.stringify(metadata) }],
    [
      'in a value without metadata that names the number itself',
      { messages: [{ ...message, to: pair.business }] },
    ],
    ['in standby', { field: 'standby', value }],
    ['with a list in a list', { ...value, messages: [[message]] }],
    ['with a map for a list', { ...value, messages: { 0: message } }],
  ])('%s', (_, body) => {
    expect(read(body)).toMatchObject([{ kind: 'inbound', id: 'in-1', pair, said: ['Habari'] }]);
    expect(read(body)[0]).not.toHaveProperty('unread');
  });

  it.each<[string, unknown, string]>([
    ['a type that is new', { ...flat, type: 'TELEPATHY' }, 'type'],
    ['a type that is no text', { ...flat, type: 7 }, 'type'],
    ['a type that is no text, and no content', { ...flat, type: [1], text: undefined }, 'type'],
    ['a context that is no object', { ...flat, context: 7 }, 'context'],
    ['a text that is no text', { ...flat, text: [1, 2] }, 'text'],
    ['an id that is none', { ...flat, messageId: { a: 1 }, id: 'in-1' }, 'messageId'],
    ['a field that is new', { field: 'telepathy', value }, 'field'],
    ['a button that is none', { ...flat, button: true }, 'button'],
    ['interactive that is no object', { ...flat, interactive: 7 }, 'interactive'],
  ])('with %s, which is named and kept', (_, body, name) => {
    const [callback] = read(body);
    expect(callback).toMatchObject({ kind: 'inbound', pair, unread: { fields: [name] } });
    const again = readCallbacks(JSON.parse(callback?.unread?.raw ?? 'null'));
    expect(again).toMatchObject([{ kind: 'inbound', pair }]);
  });

  it.each<[string, object, string[]]>([
    [
      'WhatsApp’s button',
      { type: 'button', button: { payload: 'stop-all', text: 'Stop promotions' } },
      ['stop-all', 'Stop promotions'],
    ],
    ['a button as text', { type: 'BUTTON', button: 'STOP' }, ['STOP']],
    [
      'a reply button',
      { interactive: { type: 'button_reply', button_reply: { id: 'STOP', title: 'No more' } } },
      ['STOP', 'No more'],
    ],
    [
      'a row of a list',
      { interactive: { type: 'list_reply', list_reply: { id: '7', title: 'STOP' } } },
      ['7', 'STOP'],
    ],
    [
      'a reply button in camel case',
      { interactive: { buttonReply: { id: '1', title: 'STOP' } } },
      ['1', 'STOP'],
    ],
    [
      'a row in camel case at the top',
      { type: 'LIST_REPLY', listReply: { id: '1', title: 'STOP' } },
      ['1', 'STOP'],
    ],
    [
      'interactive in JSON text',
      { interactive: JSON.stringify({ button_reply: { id: '1', title: 'STOP' } }) },
      ['1', 'STOP'],
    ],
    ['a number', { type: 'TEXT', text: 7 }, ['7']],
  ])('with what the customer chose: %s', (_, changes, texts) => {
    expect(said(read({ ...flat, type: 'INTERACTIVE', text: undefined, ...changes })[0])).toEqual(texts);
  });
});

describe('the business number', () => {
  const unnamed = { ...value, metadata: { phone_number_id: '9' } };

  it('comes from another entry with the same id', () => {
    expect(read({ entry: [{ changes: [{ field: 'messages', value: unnamed }, change] }] })).toMatchObject([
      { kind: 'inbound', pair },
      { kind: 'inbound', pair },
    ]);
  });

  it('is unknown by its id alone, and the entry is kept with it', () => {
    const [callback] = read(unnamed);
    expect(callback).toMatchObject({ kind: 'unplaced', raw: expect.stringContaining('phone_number_id') });
  });

  it('may be written for people', () => {
    expect(read({ ...value, metadata: { display_phone_number: '+254 (110) 090-747' } })).toMatchObject([
      { pair },
    ]);
  });
});

describe('a status is read', () => {
  const expected = [{ kind: 'status', report: { status: 'delivered', waId: 'wamid.A' } }];
  const messageStatus = { waId: 'wamid.A', messageId: 'm-1', status: 'DELIVERED' };

  it.each<[string, unknown]>([
    ['at the top', { statuses: [status] }],
    ['as the only one', { statuses: status }],
    ['in a value alone', { metadata, statuses: [status] }],
    ['in a change alone', { field: 'messages', value: { metadata, statuses: [status] } }],
    ['in LipaChat’s shape', { event: 'MESSAGE_STATUS', messageStatus }],
    [
      'with its content in JSON text',
      { event: 'MESSAGE_STATUS', messageStatus: JSON.stringify(messageStatus) },
    ],
    ['without the name of its event', { messageStatus }],
    ['with another name for its event', { event: { a: 1 }, messageStatus }],
    ['with its content at the top', { event: 'MESSAGE_STATUS', ...messageStatus }],
    ['without anything around it', { ...messageStatus }],
    ['without anything around it but numbers', { ...messageStatus, from: pair.business, to: pair.customer }],
    ['in LipaChat’s shape in a list', { statuses: [messageStatus] }],
    ['in one object more', { event: 'STATUS', data: messageStatus }],
    ['with its word in an object', { statuses: [{ ...status, status: { name: 'DELIVERED' } }] }],
  ])('%s', (_, body) => {
    expect(read(body)).toMatchObject(expected);
  });

  it('with others in one event', () => {
    const body = {
      event: 'MessageStatus',
      messageStatus: [messageStatus, { ...messageStatus, waId: 'wamid.B' }],
    };
    expect(read(body)).toMatchObject([{ report: { waId: 'wamid.A' } }, { report: { waId: 'wamid.B' } }]);
  });

  it.each([
    ['played', 'read'],
    ['SEEN', 'read'],
    ['UNDELIVERED', 'failed'],
    ['delivery-failed', 'failed'],
    ['EXPIRED', 'failed'],
  ])('with the word %s', (word, reported) => {
    expect(read({ statuses: [{ ...status, status: word }] })).toMatchObject([
      { report: { status: reported } },
    ]);
  });

  it.each(['accepted', 'QUEUED', 'pending', 'deleted', 'warning'])(
    'without an effect with the word %s',
    (word) => {
      expect(read({ statuses: [{ ...status, status: word }] })).toMatchObject([
        { kind: 'notice', about: `status ${word.toLowerCase()}` },
      ]);
    },
  );

  it('with an id that is a number, or too long for a key', () => {
    expect(read({ statuses: [{ ...status, id: 77 }] })).toMatchObject([{ report: { waId: '77' } }]);
    const [long] = read({ statuses: [{ ...status, id: 'w'.repeat(500_000) }] });
    expect(long).toMatchObject({ report: { waId: expect.stringMatching(/^sha256:/) } });
  });

  it('with reasons that say nothing, which are named', () => {
    const body = {
      event: 'MESSAGE_STATUS',
      messageStatus: { ...messageStatus, status: 'FAILED', errors: true, statusDesc: { a: 1 } },
    };
    expect(read(body)).toMatchObject([
      { report: { status: 'failed', waId: 'wamid.A' }, unread: { fields: ['errors', 'statusDesc'] } },
    ]);
  });
});

describe('a template’s status', () => {
  it('is bounded in every field', () => {
    const templateStatus = {
      status: 'x'.repeat(500_000),
      templateId: 't'.repeat(3_000),
      templateName: 'n'.repeat(3_000),
    };
    expect(JSON.stringify(read({ event: 'TEMPLATE_STATUS', templateStatus })).length).toBeLessThan(1_000);
  });

  it('is read from WhatsApp’s event', () => {
    const template = { event: 'approved', message_template_id: 77, message_template_name: 'hello' };
    const known = {
      kind: 'template',
      status: { status: 'APPROVED', templateId: '77', templateName: 'hello' },
    };
    for (const body of [
      { field: 'message_template_status_update', value: template },
      { changes: [{ value: template }] },
      template,
    ])
      expect(read(body)).toEqual([known]);
    const news = { new_category: 'MARKETING', message_template_id: 77 };
    for (const body of [{ changes: [{ value: news }] }, news])
      expect(read(body)).toEqual([{ kind: 'notice', about: 'template' }]);
  });
});

it('an event that is new is none of them, whatever it brings', () => {
  for (const event of [{ event: 'FLOW_DONE', flow: { response: 'x' } }, { event: 'HOLOGRAM' }])
    expect(read({ ...flat, type: undefined, text: undefined, ...event })).toMatchObject([
      { kind: 'unrecognised' },
    ]);
});

describe('one entry that is poison', () => {
  const deep = (depth: number) => JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`) as unknown;

  it.each<[string, unknown]>([
    ['nested beyond the stack', deep(200_000)],
    [
      'a message nested beyond the stack',
      { ...flat, context: deep(200_000), interactive: deep(200_000), timestamp: deep(50_000) },
    ],
    ['answers nested beyond the stack', { ...flat, type: 'FLOW', response: deep(200_000) }],
    [
      'errors nested beyond the stack',
      { event: 'MESSAGE_STATUS', messageStatus: { waId: 'w', status: 'FAILED', errors: deep(200_000) } },
    ],
  ])('loses no other: %s', (_, poison) => {
    const callbacks = read([flat, poison, flat]);
    expect([callbacks[0], callbacks[2]]).toMatchObject(Array(2).fill({ kind: 'inbound', pair }));
    expect(callbacks).toHaveLength(3);
  });

  it('is still what it is, where that can be read', () => {
    expect(read({ ...flat, type: 'FLOW', response: deep(200_000) })).toMatchObject([
      { kind: 'inbound', pair },
    ]);
    expect(read({ ...flat, context: deep(200_000) })).toMatchObject([{ kind: 'inbound', pair }]);
  });
});
