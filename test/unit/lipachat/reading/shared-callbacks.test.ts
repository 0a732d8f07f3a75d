/** The given cases with their right value, and WhatsApp's own webhooks, none of which is new. */
import { describe, expect, it } from 'vitest';
import { entriesIn } from '../../../../src/lib/lipachat/callback-entries.ts';
import { readCallbacks } from '../../../../src/lib/lipachat/parse-callbacks.ts';
import { sharedCase, sharedWebhooks } from '../../../support/shared.ts';

const pair = { business: '254110090747', customer: '254700000001' };
const WA_ID = '<waId of the send>';

describe('a given case is read', () => {
  it.each<[string, string, readonly object[]]>([
    ['01', 'a time as a list', [{ kind: 'inbound', pair, id: 'in-1', said: ['STOP'] }]],
    ['03', 'an id as a number', [{ kind: 'inbound', pair, id: '48151623', said: ['hello'] }]],
    ['05', 'an empty list for a context', [{ kind: 'inbound', pair, id: 'in-1' }]],
    ['07', 'ISO 8601', [{ kind: 'inbound', pair, writtenAt: new Date('2026-11-24T10:00:00Z') }]],
    ['09', 'a value alone', [{ kind: 'inbound', pair, id: 'wamid.IN1' }]],
    ['10', 'statuses alone', [{ kind: 'status', report: { status: 'delivered', waId: WA_ID } }]],
    ['11', 'a user id alone', [{ kind: 'inbound', pair: { ...pair, customer: 'KE.777' }, said: ['STOP'] }]],
    ['13', 'a message in a group', [{ kind: 'notice', about: 'group' }]],
    ['14', 'STOP on a button', [{ kind: 'inbound', pair, said: ['STOP'] }]],
    ['16', 'stop in the settings', [{ kind: 'preference', pair, optedOut: true }]],
    ['18', 'an address', [{ kind: 'inbound', pair, reply: { formName: 'address_message' } }]],
    ['20', 'answers encoded twice', [{ kind: 'inbound', reply: { response: { x: 1 }, formName: 'flow' } }]],
    ['21', 'interactive as text', [{ kind: 'inbound', pair, reply: { response: { a: 1 } } }]],
    ['22', 'errors as an object', [{ kind: 'status', report: { status: 'failed', code: 131047 } }]],
    ['24', 'errors in a flat status', [{ kind: 'status', report: { status: 'failed', code: 131047 } }]],
    ['26', 'a description as an object', [{ kind: 'status', report: { status: 'failed', code: 131047 } }]],
    ['27', 'a code in words', [{ kind: 'status', report: { status: 'failed', code: 131047 } }]],
    ['29', 'UNDELIVERED', [{ kind: 'status', report: { status: 'failed', code: 131026 } }]],
    ['46', 'Meta’s wording of STOP', [{ kind: 'inbound', pair, said: ['Stop promotions'] }]],
    [
      '62',
      'a mixed batch',
      [
        { kind: 'inbound', pair, said: ['hello'] },
        { kind: 'unrecognised', raw: expect.stringContaining('{"bad":true}') },
        { kind: 'notice', about: 'unsupported' },
        { kind: 'inbound', pair, said: ['Stop.'] },
        { kind: 'status', report: { status: 'read', waId: 'wamid.X' } },
      ],
    ],
    [
      '64',
      'two business numbers',
      [
        { kind: 'inbound', pair, said: ['hello'] },
        { kind: 'inbound', pair: { ...pair, business: '254110090748' }, said: ['STOP'] },
      ],
    ],
    ['65', 'a status with its price', [{ kind: 'status', report: { status: 'delivered', waId: WA_ID } }]],
  ])('%s: %s', (number, _, expected) => {
    const body = sharedCase(number);
    const callbacks = readCallbacks(body);
    expect(callbacks).toMatchObject(expected);
    expect(entriesIn(body)).toHaveLength(expected.length);
    expect(callbacks.filter(({ unread }) => unread)).toEqual([]);
  });
});

/** What each file's webhooks are, with the exceptions by name. */
const KINDS: Readonly<Record<string, string>> = {
  account_update: 'notice',
  call_connect: 'notice',
  'call_connect/user_initiated': 'inbound',
  call_permission_update: 'inbound',
  call_status: 'notice',
  call_terminate: 'notice',
  callback_button: 'inbound',
  callback_selection: 'inbound',
  deleted_message: 'notice',
  edited_message: 'notice',
  flow_completion: 'inbound',
  message: 'inbound',
  'message/reaction': 'notice',
  'message/unreaction_empty': 'notice',
  'message/unreaction_no_emoji': 'notice',
  'message/unsupported': 'notice',
  'message/unsupported_with_type': 'notice',
  message_status: 'status',
  'message_status/group': 'notice',
  outgoing_message: 'notice',
  'system/phone_number_change': 'moved',
  'system/identity_change': 'notice',
  template_category_update: 'notice',
  template_components_update: 'notice',
  template_quality_update: 'notice',
  template_status_update: 'template',
  'user_marketing_preferences/resume': 'preference',
  'user_marketing_preferences/signup': 'notice',
};

describe('WhatsApp’s own webhook', () => {
  it.each(sharedWebhooks())('%s', (name, body) => {
    const [file = ''] = name.split('/');
    const callbacks = readCallbacks(body);
    expect(callbacks.map(({ kind }) => kind)).toEqual([KINDS[name] ?? KINDS[file]]);
    expect(callbacks[0]).not.toHaveProperty('unread');
  });

  it('tells a number and a user id of one person', () => {
    const people = new Map(sharedWebhooks().map(([name, body]) => [name, readCallbacks(body)[0]?.people]));
    const person = { number: '972987654321', userId: 'US.13491208655302741918' };
    expect(people.get('message/text')).toEqual([person]);
    for (const name of ['message_status/delivered', 'message/unsupported', 'call_status/call_status'])
      expect(people.get(name)).toEqual([{ ...person, business: expect.stringMatching(/^\d{11,12}$/) }]);
  });

  it('moves a person', () => {
    const [, body] = sharedWebhooks().find(([name]) => name === 'system/phone_number_change') ?? [];
    expect(readCallbacks(body)).toMatchObject([
      { pair: { business: '972123456789', customer: '972987654321' }, to: { number: '972912345678' } },
    ]);
  });
});
