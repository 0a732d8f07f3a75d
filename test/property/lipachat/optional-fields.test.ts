/**
 * What an entry is, and whose, does not depend on a field that is not needed: in each optional field of each sample, every
 * kind of JSON value, alone and several at once, leaves kind, pair, id and status as they are.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Callback } from '../../../src/lib/lipachat/callback.ts';
import { entriesIn } from '../../../src/lib/lipachat/callback-entries.ts';
import { readCallbacks } from '../../../src/lib/lipachat/parse-callbacks.ts';

const business = '254110090747';
const customer = '254717746565';
const metadata = { display_phone_number: business, phone_number_id: '9' };
const flat = {
  messageId: 'in-1',
  from: customer,
  to: business,
  profileName: 'Amina',
  type: 'TEXT',
  text: 'Habari',
};
const base = { from: customer, id: 'in-1', timestamp: '1795514400', type: 'text', text: { body: 'hi' } };
const nfm = { name: 'flow', body: 'Sent', response_json: '{"a":1}' };
const envelope = (value: object, field = 'messages') => ({
  object: 'whatsapp_business_account',
  entry: [
    {
      id: '1',
      time: 1_795_514_400,
      changes: [
        {
          field,
          value: {
            messaging_product: 'whatsapp',
            metadata,
            contacts: [{ profile: { name: 'A' }, wa_id: customer, user_id: 'KE.1' }],
            ...value,
          },
        },
      ],
    },
  ],
});

/** A sample, and the paths of its optional fields. */
type Sample = readonly [string, unknown, readonly string[]];

const IN_VALUE = 'entry.0.changes.0.value';
const AROUND = [
  'object',
  'entry.0.id',
  'entry.0.time',
  'entry.0.changes.0.field',
  `${IN_VALUE}.messaging_product`,
  `${IN_VALUE}.contacts`,
  `${IN_VALUE}.errors`,
  `${IN_VALUE}.contacts.0.profile`,
];
const ofMessage = (...names: string[]) => [
  ...names,
  'timestamp',
  'context',
  'profileName',
  'errors',
  'referral',
  'identity',
  'username',
  'from_user_id',
];
const inMessage = (...names: string[]) => [
  ...AROUND,
  ...ofMessage(...names).map((name) => `${IN_VALUE}.messages.0.${name}`),
];
const ofStatus = [
  'timestamp',
  'conversationId',
  'statusDesc',
  'errorCode',
  'errors',
  'pricing',
  'description',
];

const samples: readonly Sample[] = [
  ['a flat text', flat, ofMessage('text', 'type', 'interactive', 'button', 'image', 'status')],
  [
    'a flat image',
    { ...flat, type: 'IMAGE', text: undefined, image: { caption: null, url: 'https://x' } },
    ofMessage('image'),
  ],
  [
    'a flat button',
    {
      ...flat,
      type: 'INTERACTIVE',
      interactive: { type: 'button_reply', button_reply: { id: '1', title: 'YES' } },
    },
    ofMessage('interactive', 'interactive.type', 'interactive.button_reply', 'interactive.button_reply.id'),
  ],
  [
    'a flat flow reply',
    { ...flat, type: 'INTERACTIVE', interactive: { type: 'nfm_reply', nfm_reply: nfm } },
    ofMessage(
      'interactive',
      'interactive.type',
      'interactive.nfm_reply',
      'interactive.nfm_reply.response_json',
      'interactive.nfm_reply.name',
      'interactive.nfm_reply.body',
    ),
  ],
  [
    'a flat flow reply at the top',
    { ...flat, type: 'FLOW_REPLY', ...nfm },
    ofMessage('response_json', 'name', 'body'),
  ],
  ['WhatsApp’s text', envelope({ messages: [base] }), inMessage('text', 'text.body', 'type')],
  [
    'WhatsApp’s button',
    envelope({ messages: [{ ...base, type: 'button', button: { payload: 'p', text: 't' } }] }),
    inMessage('button', 'button.payload', 'button.text'),
  ],
  [
    'WhatsApp’s flow reply',
    envelope({
      messages: [
        {
          ...base,
          type: 'interactive',
          context: { id: 'w' },
          interactive: { type: 'nfm_reply', nfm_reply: nfm },
        },
      ],
    }),
    inMessage('interactive', 'interactive.nfm_reply', 'context.id', 'interactive.nfm_reply.response_json'),
  ],
  [
    'a call',
    envelope(
      {
        calls: [
          {
            id: 'in-1',
            from: customer,
            to: business,
            event: 'connect',
            timestamp: '1795514400',
            direction: 'USER_INITIATED',
          },
        ],
      },
      'calls',
    ),
    ['timestamp', 'event', 'session', 'status', 'start_time'].map((name) => `${IN_VALUE}.calls.0.${name}`),
  ],
  [
    'a preference',
    envelope(
      {
        user_preferences: [
          { wa_id: customer, value: 'stop', category: 'marketing_messages', detail: 'x', timestamp: 1 },
        ],
      },
      'user_preferences',
    ),
    ['timestamp', 'detail'].map((name) => `${IN_VALUE}.user_preferences.0.${name}`),
  ],
  [
    'a flat status',
    {
      event: 'MESSAGE_STATUS',
      messageStatus: {
        waId: 'w-1',
        messageId: 'm-1',
        conversationId: 'c',
        status: 'FAILED',
        statusDesc: 'x',
        errorCode: 131_026,
      },
    },
    ['event', ...ofStatus.map((name) => `messageStatus.${name}`)],
  ],
  [
    'WhatsApp’s status',
    envelope({
      statuses: [
        {
          id: 'w-1',
          status: 'failed',
          timestamp: '1795514400',
          recipient_id: customer,
          errors: [{ code: 131_026, title: 'x' }],
        },
      ],
    }),
    [
      ...AROUND,
      ...[...ofStatus, 'errors.0', 'errors.0.code', 'errors.0.title', 'recipient_id', 'conversation'].map(
        (name) => `${IN_VALUE}.statuses.0.${name}`,
      ),
    ],
  ],
  [
    'a template',
    {
      event: 'TEMPLATE_STATUS',
      templateStatus: { status: 'APPROVED', templateId: '7', templateName: 'hello', statusDescription: 'x' },
    },
    ['event', ...['templateId', 'templateName', 'statusDescription'].map((name) => `templateStatus.${name}`)],
  ],
  [
    'WhatsApp’s template',
    {
      entry: [
        {
          changes: [
            {
              field: 'message_template_status_update',
              value: {
                event: 'APPROVED',
                message_template_id: 7,
                message_template_name: 'hello',
                reason: 'NONE',
              },
            },
          ],
        },
      ],
    },
    ['message_template_id', 'message_template_name', 'reason'].map((name) => `${IN_VALUE}.${name}`),
  ],
];

/** Every kind of JSON value; `'x'` in place of a type is a type that is new. */
const ODD: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  2 ** 60,
  1e308,
  '',
  ' ',
  'x',
  '{',
  '[]',
  '"x"',
  '{"a":1}',
  [],
  [1],
  [[]],
  [null],
  {},
  { a: 1 },
  [{ a: 1 }],
  'y'.repeat(5_000),
  '\ud800',
];

function withValue(body: unknown, path: string, value: unknown): unknown {
  const changed = structuredClone(body);
  const names = path.split('.');
  const last = names.pop() ?? '';
  let at: unknown = changed;
  for (const name of names) at = isObject(at) ? at[name] : undefined;
  if (isObject(at)) at[last] = value;
  return changed;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** What an entry is, and whose. */
function identityOf(callback: Callback | undefined): unknown {
  switch (callback?.kind) {
    case 'inbound':
      return [callback.kind, callback.id, callback.pair];
    case 'preference':
      return [callback.kind, callback.pair, callback.optedOut];
    case 'status':
      return [callback.kind, callback.messageId, callback.report.waId, callback.report.status];
    case 'template':
      return [callback.kind, callback.status.status];
    default:
      return callback?.kind;
  }
}

const identities = (body: unknown) => readCallbacks(body).map(identityOf);

describe.each(samples)('%s', (_, body, paths) => {
  const [identity] = identities(body);

  it('is read to begin with', () => {
    expect(['inbound', 'preference', 'status', 'template']).toContain(readCallbacks(body)[0]?.kind);
  });

  it.each(paths)('stays what it is with anything in %s', (path) => {
    for (const value of ODD) {
      const changed = withValue(body, path, value);
      expect({ value, read: identities(changed) }).toEqual({ value, read: [identity] });
      expect(entriesIn(changed)).toHaveLength(1);
    }
  });

  it('stays what it is with anything in all of them', () => {
    const odd = fc.oneof(fc.constantFrom(...ODD), fc.jsonValue({ maxDepth: 3 }));
    const some = fc.array(fc.tuple(fc.constantFrom(...paths), odd), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(some, (changes) => {
        const changed = changes.reduce<unknown>((one, [path, value]) => withValue(one, path, value), body);
        expect(identities(changed)).toEqual([identity]);
      }),
      { numRuns: 300 },
    );
  });
});

/** JSON made of the names and words that callbacks have. */
const NAMES =
  'entry changes field value metadata display_phone_number messages statuses calls user_preferences contacts wa_id user_id from to id messageId waId type text interactive nfm_reply response_json button_reply system event messageStatus templateStatus status errors code timestamp group_id context category'.split(
    ' ',
  );
const WORDS = [
  'text',
  'system',
  'messages',
  'MESSAGE_STATUS',
  'FAILED',
  'stop',
  business,
  customer,
  'KE.1',
  '1795514400',
];
const { likely } = fc.letrec((tie) => ({
  likely: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<unknown>(...WORDS, ...ODD),
    fc.array(tie('likely'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES), tie('likely'), { maxKeys: 8 }),
  ),
}));

describe('any JSON', () => {
  it('of the names that callbacks have is read without a fault', () => {
    fc.assert(
      fc.property(likely, (body) => {
        const callbacks = readCallbacks(body);
        expect(callbacks).toHaveLength(entriesIn(body).length);
        expect(() => callbacks.map(({ unread }) => JSON.parse(unread?.raw ?? 'null'))).not.toThrow();
      }),
      { numRuns: 3_000 },
    );
  });

  it('is read without a fault, one callback for each entry, and bounded ids', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (body) => {
        expect(readCallbacks(body)).toHaveLength(entriesIn(body).length);
      }),
      { numRuns: 2_000 },
    );
  });

  it('loses no message beside it', () => {
    const many = fc.array(fc.oneof(fc.jsonValue({ maxDepth: 4 }), fc.constant(flat)), { maxLength: 12 });
    fc.assert(
      fc.property(many, (bodies) => {
        const sent = bodies.filter((body) => body === flat).length;
        const read = readCallbacks(bodies).map(identityOf);
        const [wanted] = identities(flat);
        expect(read.filter((one) => JSON.stringify(one) === JSON.stringify(wanted))).toHaveLength(sent);
      }),
      { numRuns: 500 },
    );
  });
});
