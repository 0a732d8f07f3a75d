/** The rule: a person is a number, a user id, or both, wherever in the envelope they stand. */
import { describe, expect, it } from 'vitest';
import { readCallbacks } from '../../../../src/lib/lipachat/parse-callbacks.ts';

const business = '254110090747';
const number = '254717746565';
const userId = 'KE.1234abcd';
const metadata = { display_phone_number: business, phone_number_id: '9' };
const text = { id: 'in-1', type: 'text', text: { body: 'STOP' } };
const both = [{ number, userId }];

const inValue = (message: object, contacts?: unknown) =>
  readCallbacks({
    metadata,
    messages: [{ ...text, ...message }],
    ...(contacts === undefined ? {} : { contacts }),
  });
const flat = (changes: object) =>
  readCallbacks({ messageId: 'in-1', to: business, type: 'TEXT', text: 'hi', ...changes });
const who = ([callback]: ReturnType<typeof readCallbacks>) => [
  callback && 'pair' in callback ? callback.pair.customer : callback?.kind,
  callback?.people,
];

describe('a customer is known by', () => {
  it.each<[string, ReturnType<typeof readCallbacks>, string, unknown?]>([
    ['the number', inValue({ from: number }), number],
    ['the user id', inValue({ from_user_id: userId }), userId],
    ['the user id beside an empty number', inValue({ from: '', from_user_id: userId }), userId],
    ['the number before the user id', inValue({ from: number, from_user_id: userId }), number, both],
    [
      'the contact’s number',
      inValue({ from_user_id: userId }, [{ wa_id: number, user_id: userId }]),
      number,
      both,
    ],
    ['the only contact', inValue({}, [{ user_id: userId }]), userId],
    ['the only contact, both ways', inValue({}, [{ wa_id: number, user_id: userId }]), number, both],
    [
      'the contact with this number',
      inValue({ from: number }, [
        { wa_id: '1', user_id: 'US.1' },
        { wa_id: number, user_id: userId },
      ]),
      number,
      [...both],
    ],
    [
      'the contact with an empty number',
      inValue({ from_user_id: userId }, [{ wa_id: '', user_id: userId }]),
      userId,
    ],
    [
      'the contact as an object',
      inValue({ from_user_id: userId }, { wa_id: number, user_id: userId }),
      number,
      both,
    ],
    ['a flat user id', flat({ from: userId }), userId],
    ['a flat user id in a field of its own', flat({ userId }), userId],
    ['a flat number and user id', flat({ from: number, fromUserId: userId }), number, both],
    ['a flat number and user id of WhatsApp', flat({ from: number, from_user_id: userId }), number, both],
    [
      'the number that WhatsApp’s button shared',
      inValue({
        from_user_id: userId,
        type: 'contacts',
        origin: 'contact_request',
        contacts: [{ phones: [{ phone: `+${number}` }] }],
      }),
      number,
      both,
    ],
  ])('%s', (_, callbacks, customer, people = undefined) => {
    expect(who(callbacks)).toEqual([customer, people]);
    expect(callbacks[0]?.kind).toBe('inbound');
  });

  it.each<[string, object]>([
    ['another message', { messages: [{ from: number }, { from: '254700000009' }] }],
    ['a message by user id', { messages: [{ from: number }, { from_user_id: userId }] }],
    [
      'a status',
      { messages: [{ from: number }], statuses: [{ recipient_id: '254700000009', status: 'read' }] },
    ],
  ])(
    'no contact that may belong to %s',
    (_, { messages, statuses }: { messages?: object[]; statuses?: object[] }) => {
      const named = (messages ?? []).map((one, n) => ({ ...text, ...one, id: `in-${n}` }));
      const contacts = [{ user_id: userId }];
      const statusesNamed = (statuses ?? []).map((one) => ({ ...one, id: 'wamid.1' }));
      const found = readCallbacks({ metadata, contacts, messages: named, statuses: statusesNamed });
      expect(found.map(({ people }) => people)).toEqual(found.map(() => undefined));
    },
  );

  it('the only contact, of several messages of one person', () => {
    const messages = ['in-1', 'in-2'].map((id) => ({ ...text, from: number, id }));
    const found = readCallbacks({ metadata, contacts: [{ user_id: userId }], messages });
    expect(found).toMatchObject([{ people: both }, { people: both }]);
  });

  it('nothing that contradicts', () => {
    const other = [{ wa_id: '254700000009', user_id: 'KE.other' }];
    expect(who(inValue({ from: number }, other))).toEqual([
      number,
      [{ number: '254700000009', userId: 'KE.other' }],
    ]);
    const shared = inValue({
      from_user_id: userId,
      type: 'contacts',
      contacts: [{ phones: [{ phone: `+${number}` }] }],
    });
    expect(who(shared)).toEqual([userId, undefined]);
  });

  it('nothing, and the message is kept', () => {
    for (const callbacks of [inValue({}), inValue({ from: 'CUSTOMER' }), flat({}), flat({ from: 'ke-1' })])
      expect(callbacks).toMatchObject([{ kind: 'unplaced' }]);
  });
});

describe('a person is told both ways by', () => {
  it.each<[string, unknown]>([
    [
      'a status',
      { metadata, statuses: [{ id: 'w', status: 'read', recipient_id: number, recipient_user_id: userId }] },
    ],
    [
      'a status’s contact',
      {
        metadata,
        contacts: [{ wa_id: number, user_id: userId }],
        statuses: [{ id: 'w', status: 'read', recipient_id: number }],
      },
    ],
    [
      'a reaction',
      {
        metadata,
        contacts: [{ wa_id: number, user_id: userId }],
        messages: [{ from: number, type: 'reaction' }],
      },
    ],
    [
      'a call',
      { metadata, calls: [{ id: 'c', from: number, from_user_id: userId, direction: 'USER_INITIATED' }] },
    ],
    ['a preference', { metadata, user_preferences: [{ wa_id: number, user_id: userId, value: 'stop' }] }],
    [
      'contacts alone',
      { field: 'contacts', value: { metadata, contacts: [{ wa_id: number, user_id: userId }] } },
    ],
  ])('%s', (_, body) => {
    const [callback] = readCallbacks(body);
    const ofPair = callback && 'pair' in callback;
    expect(callback?.people).toEqual(ofPair ? both : both.map((one) => ({ ...one, business })));
  });

  it('all contacts of a value, once', () => {
    const contacts = [1, 2, 3].map((n) => ({ wa_id: `25471774656${n}`, user_id: `KE.${n}` }));
    const messages = [1, 2].map((n) => ({ ...text, from: `25471774656${n}` }));
    const people = readCallbacks({ metadata, contacts, messages }).map((one) =>
      one.people?.map((p) => p.userId),
    );
    expect(people).toEqual([['KE.1', 'KE.2', 'KE.3'], ['KE.2']]);
  });
});

describe('a person moves', () => {
  const system = (changes: object, inner: object) =>
    readCallbacks({
      metadata,
      messages: [
        { from: number, id: 's', type: 'system', timestamp: '1795514400', ...changes, system: inner },
      ],
    });
  const at = new Date('2026-11-24T10:00:00Z');

  it.each<[string, ReturnType<typeof readCallbacks>, string, object]>([
    [
      'to another number',
      system({}, { type: 'user_changed_number', wa_id: '254700000001' }),
      number,
      { number: '254700000001' },
    ],
    [
      'to another number, by an older webhook',
      system({}, { type: 'customer_changed_number', new_wa_id: '254700000001' }),
      number,
      { number: '254700000001' },
    ],
    [
      'to another number and user id',
      system(
        {},
        { type: 'user_changed_number', wa_id: '254700000001', user_id: 'KE.2', previous_user_id: 'KE.1' },
      ),
      number,
      { number: '254700000001', userId: 'KE.2' },
    ],
    [
      'to another user id',
      system(
        { from: undefined },
        { type: 'user_changed_user_id', user_id: 'KE.2', previous_user_id: 'KE.1' },
      ),
      'KE.1',
      { userId: 'KE.2' },
    ],
    [
      'to another user id, with a number',
      system({}, { type: 'user_changed_user_id', user_id: 'KE.2', previous_user_id: 'KE.1' }),
      'KE.1',
      { number, userId: 'KE.2' },
    ],
  ])('%s', (_, callbacks, customer, to) => {
    expect(callbacks).toMatchObject([{ kind: 'moved', pair: { business, customer }, to, writtenAt: at }]);
  });

  it('to another user id of the number that the callback names: they are one person', () => {
    const inner = { type: 'user_changed_user_id', user_id: 'KE.2', previous_user_id: 'KE.1' };
    expect(system({}, inner)).toMatchObject([{ keepsNumber: true, people: [{ number, userId: 'KE.2' }] }]);
  });

  it('by the event that providers passed on before', () => {
    const update = {
      wa_id: number,
      user_id: { previous: 'KE.1', current: 'KE.2' },
      timestamp: 1_795_514_400,
    };
    expect(
      readCallbacks({ field: 'user_id_update', value: { metadata, user_id_update: [update] } }),
    ).toMatchObject([
      {
        kind: 'moved',
        pair: { business, customer: 'KE.1' },
        to: { number, userId: 'KE.2' },
        people: [{ number, userId: 'KE.2' }],
      },
    ]);
  });

  it('not, where nothing says to where', () => {
    expect(system({}, { type: 'user_changed_number' })).toMatchObject([
      { kind: 'notice', unread: { fields: ['system'] } },
    ]);
    expect(system({}, { type: 'customer_identity_changed' })).toEqual([{ kind: 'notice', about: 'system' }]);
  });
});

it.each([{ '': false }, 'FOO', 5, [1]])(
  'a message without type and text opens the window, with status %j',
  (status) => {
    expect(flat({ from: number, type: '', text: null, status })).toMatchObject([
      { kind: 'inbound', pair: { business, customer: number }, unread: { fields: ['type'] } },
    ]);
  },
);

describe('a group', () => {
  it.each([{ isGroup: true }, { isGroup: 'true' }, { isGroup: 1 }, { group_id: 'g-1' }, { group_id: 7 }])(
    'is one with %j',
    (changes) => {
      expect(flat({ from: number, ...changes })).toMatchObject([{ kind: 'notice', about: 'group' }]);
    },
  );

  it.each([
    ...[{ isGroup: false }, { isGroup: 'false' }, { isGroup: 0 }, { isGroup: 'No' }, { isGroup: null }],
    ...[{ group_id: false }, { group_id: 'false' }, { group_id: 'null' }, { group_id: '0' }, { group_id: 0 }],
  ])('is none with %j', (changes) => {
    expect(flat({ from: number, ...changes })).toMatchObject([{ kind: 'inbound' }]);
  });
});

describe('a person named both ways is known in an entry of any kind', () => {
  const message = { id: 'in-1', timestamp: '1795775000', from: number, from_user_id: userId };
  const value = (members: object) => readCallbacks({ metadata, ...members });
  const known = [{ number, userId, business }];

  it.each([
    ['reaction', { reaction: { message_id: 'm', emoji: '👍' } }],
    ['system', { system: { type: 'customer_identity_changed' } }],
    ['unsupported', { errors: [{ code: 131051 }] }],
    ['edit', { edit: { message_id: 'm', text: { body: 'x' } } }],
    ['revoke', { revoke: { original_message_id: 'm' } }],
  ])('a message that opens nothing: %s', (type, content) => {
    expect(value({ messages: [{ ...message, type, ...content }] })).toMatchObject([
      { kind: 'notice', people: known },
    ]);
  });

  it('an echo', () => {
    const echo = {
      id: 'm',
      type: 'text',
      text: { body: 'x' },
      from: business,
      to: number,
      to_user_id: userId,
    };
    const change = { field: 'smb_message_echoes', value: { metadata, message_echoes: [echo] } };
    expect(readCallbacks({ entry: [{ changes: [change] }] })).toMatchObject([
      { kind: 'notice', people: known },
    ]);
  });

  it('a status', () => {
    const status = { id: 'wamid.x', status: 'read', recipient_id: number, recipient_user_id: userId };
    expect(value({ statuses: [status] })).toMatchObject([{ kind: 'status', people: known }]);
  });

  it('a flat entry, of which the other party is the business', () => {
    expect(flat({ type: 'REACTION', from: number, from_user_id: userId })).toMatchObject([
      { kind: 'notice', people: known },
    ]);
  });

  it('but not in a group', () => {
    const inGroup = { ...message, type: 'text', text: { body: 'hi' }, group_id: 'g' };
    const [callback] = value({ messages: [inGroup] });
    expect(callback).toEqual({ kind: 'notice', about: 'group' });
  });
});
