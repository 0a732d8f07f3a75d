/** lipachat-contract §4: every shape of a customer's message. */
import { describe, expect, it } from 'vitest';
import { readCallbacks } from '../../../src/lib/lipachat/parse-callbacks.ts';

const PAIR = { business: '254110090747', customer: '254717746565' };

const flat = (changes: Record<string, unknown> = {}) => ({
  messageId: 'c94ced08-1',
  from: '254717746565',
  to: '254110090747',
  profileName: 'Amina 👋🏽',
  type: 'TEXT',
  text: 'Habari',
  ...changes,
});

const inbound = (changes: Record<string, unknown> = {}) => ({
  kind: 'inbound',
  id: 'c94ced08-1',
  pair: PAIR,
  writtenAt: undefined,
  said: ['Habari'],
  reply: undefined,
  ...changes,
});

describe('an inbound message', () => {
  it.each<[string, unknown, object?]>([
    ['text', flat()],
    ['a picture', flat({ type: 'IMAGE', image: { caption: null, url: 'https://x' } })],
    [
      'a button’s reply',
      flat({
        type: 'INTERACTIVE',
        interactive: { type: 'button_reply', button_reply: { id: '1', title: 'YES' } },
      }),
      { said: ['Habari', '1', 'YES'] },
    ],
    [
      'a list’s reply',
      flat({ type: 'INTERACTIVE', interactive: { type: 'list_reply', list_reply: { id: '1' } } }),
      { said: ['Habari', '1'] },
    ],
    [
      'a flow’s reply as text',
      flat({
        type: 'INTERACTIVE',
        interactive: { type: 'nfm_reply', nfm_reply: { response_json: '{"a":1}' } },
      }),
      { reply: { response: { a: 1 }, quotedIds: [] } },
    ],
    [
      'a flow’s reply as an object',
      flat({
        type: 'INTERACTIVE',
        interactive: { type: 'nfm_reply', nfm_reply: { response_json: { a: 1 } } },
      }),
      { reply: { response: { a: 1 }, quotedIds: [] } },
    ],
    [
      'a flow’s reply in camel case',
      flat({ type: 'INTERACTIVE', interactive: { type: 'nfm_reply', nfmReply: { responseJson: '{}' } } }),
      { reply: { response: {}, quotedIds: [] } },
    ],
  ])('belongs to one pair and has its id: %s', (_, body, changes = {}) => {
    expect(readCallbacks(body)).toEqual([inbound({ ...changes })]);
  });

  it.each(
    'TEXT IMAGE VIDEO AUDIO DOCUMENT STICKER LOCATION CONTACT CONTACTS INTERACTIVE FLOW NFM_REPLY FLOW_REPLY FLOW_RESPONSE'.split(
      ' ',
    ),
  )('is recognized by its type in any case: %s', (type) => {
    const spellings = [type, type.toLowerCase(), `${type.slice(0, 1)}${type.slice(1).toLowerCase()}`];
    expect(spellings.flatMap((spelling) => readCallbacks(flat({ type: spelling })))).toMatchObject(
      spellings.map(() => inbound()),
    );
  });

  it('may have its numbers with or without a plus, and as JSON numbers', () => {
    const body = flat({ from: '+254 717746565', to: 254110090747 });
    expect(readCallbacks(body)).toEqual([inbound()]);
  });

  it("has WhatsApp's own user id, unchanged", () => {
    expect(readCallbacks(flat({ from: '5215512345678' }))).toMatchObject([
      { pair: { customer: '5215512345678' } },
    ]);
  });

  it.each([
    ['a UUID', { messageId: '0d9f4c3e-1b0e-4f57-9d26-5d1c1b1d1a11' }, '0d9f4c3e-1b0e-4f57-9d26-5d1c1b1d1a11'],
    ['WhatsApp’s', { messageId: 'wamid.HBgM==' }, 'wamid.HBgM=='],
    ['under "id"', { messageId: undefined, id: 'wamid.x' }, 'wamid.x'],
    ['ours before WhatsApp’s', { messageId: 'a', id: 'b' }, 'a'],
    ['nowhere', { messageId: undefined }, undefined],
    ['null', { messageId: null }, undefined],
  ])('has the id that it came with: %s', (_, changes, id) => {
    expect(readCallbacks(flat(changes))).toEqual([inbound({ id })]);
  });
});

describe('the time of an inbound message', () => {
  const at = new Date('2026-01-02T03:04:05.000Z');
  const seconds = at.getTime() / 1000;

  it.each([
    ['seconds', seconds],
    ['seconds as text', String(seconds)],
    ['milliseconds', at.getTime()],
    ['milliseconds as text', String(at.getTime())],
  ])('is read from %s', (_, timestamp) => {
    expect(readCallbacks(flat({ timestamp }))).toEqual([inbound({ writtenAt: at })]);
  });

  it('is read to the millisecond', () => {
    expect(readCallbacks(flat({ timestamp: at.getTime() + 7 }))).toEqual([
      inbound({ writtenAt: new Date(at.getTime() + 7) }),
    ]);
  });

  it.each([
    ['absent', undefined],
    ['null', null],
    ['empty', ''],
    ['an empty list', []],
    ['an empty object', {}],
  ])('is unknown when the timestamp is %s', (_, timestamp) => {
    expect(readCallbacks(flat({ timestamp }))).toEqual([inbound()]);
  });

  it.each<[string, unknown]>([
    ['words', 'yesterday'],
    ['true', true],
    ['zero', 0],
    ['less than nothing', -1_767_323_045],
    ['a count of days', 20_455],
    ['beyond all calendars', 1e300],
    ['digits without an end', '9'.repeat(40)],
  ])('is unknown and named, and the message still counts, when the timestamp is %s', (_, timestamp) => {
    const body = flat({ timestamp });
    const unread = { fields: ['timestamp'], raw: JSON.stringify(body) };
    expect(readCallbacks(body)).toEqual([inbound({ unread })]);
  });
});

describe('a callback that opens no window', () => {
  it.each(['system', 'unsupported', 'reaction', 'SYSTEM', 'Reaction'])('is a notice: %s', (type) => {
    expect(readCallbacks(flat({ type }))).toEqual([{ kind: 'notice', about: type.toLowerCase() }]);
  });

  it("is a template's status", () => {
    const templateStatus = { status: 'APPROVED', templateId: '1', templateName: 'hello' };
    for (const event of ['TEMPLATE_STATUS', 'template_status']) {
      expect(readCallbacks({ event, templateStatus })).toEqual([
        { kind: 'template', status: templateStatus },
      ]);
    }
  });

  it.each([
    ['no sender', flat({ from: undefined })],
    ['no recipient', flat({ to: undefined })],
    ['a sender that is neither a number nor a user id', flat({ from: 'CUSTOMER' })],
    ['a new type and no sender', flat({ type: 'TELEPATHY', from: null })],
  ])('is a message that cannot be placed, with %s', (_, body) => {
    expect(readCallbacks(body)).toEqual([{ kind: 'unplaced', raw: JSON.stringify(body) }]);
  });

  it.each([
    ['text', 'hi'],
    ['a number', 7],
    ['null', null],
    ['true', true],
    ['an empty object', {}],
    ['another event', { event: 'BILLING', amount: 3 }],
  ])('is kept raw when it is %s', (_, body) => {
    expect(readCallbacks(body)).toEqual([{ kind: 'unrecognised', raw: JSON.stringify(body) }]);
  });

  it('is kept as it came when it is nested too deeply', () => {
    const text = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const kept = readCallbacks(JSON.parse(text), text);
    expect(kept).toEqual([{ kind: 'unrecognised', raw: text }]);
  });

  it('is kept raw to the last key, __proto__ included', () => {
    const body = JSON.parse('{"event":"ODD","__proto__":{"x":1},"é":"👋"}') as unknown;
    expect(readCallbacks(body)).toEqual([
      { kind: 'unrecognised', raw: '{"event":"ODD","__proto__":{"x":1},"é":"👋"}' },
    ]);
  });
});

describe('several callbacks at once', () => {
  const status = { event: 'MESSAGE_STATUS', messageStatus: { waId: 'w', status: 'READ' } };

  it('may be a list, in which each counts, garbage included', () => {
    const kinds = readCallbacks([flat(), status, 'rubbish', null, [], flat({ type: 'system' })]).map(
      (c) => c.kind,
    );
    expect(kinds).toEqual(['inbound', 'status', 'unrecognised', 'unrecognised', 'unrecognised', 'notice']);
  });

  it('may be an object of messages, in which each counts', () => {
    const kinds = readCallbacks({ messages: [flat(), flat({ messageId: '2' }), 7, status] }).map(
      (c) => c.kind,
    );
    expect(kinds).toEqual(['inbound', 'inbound', 'unrecognised', 'status']);
  });

  it('may be a list of such objects', () => {
    expect(readCallbacks([{ messages: [flat()] }, { messages: [flat(), flat()] }])).toHaveLength(3);
  });

  it('keep what stands beside an empty list of messages', () => {
    expect(readCallbacks({ ...status, messages: [] }).map((c) => c.kind)).not.toEqual([]);
  });

  it('may be none', () => {
    expect([...readCallbacks([]), ...readCallbacks({ messages: [] })]).toEqual([]);
  });
});
