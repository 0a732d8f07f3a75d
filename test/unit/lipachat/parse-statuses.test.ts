/** lipachat-contract §4: statuses, and WhatsApp's own envelope. */
import { describe, expect, it } from 'vitest';
import { readCallbacks } from '../../../src/lib/lipachat/parse-callbacks.ts';

const WA_ID = 'wamid.HBgMMjU0';

const status = (messageStatus: Record<string, unknown>, event = 'MESSAGE_STATUS') => ({
  event,
  messageStatus: {
    waId: WA_ID,
    messageId: 'm-1',
    conversationId: 'c',
    status: 'DELIVERED',
    ...messageStatus,
  },
});

const report = (changes: Record<string, unknown> = {}) => ({
  kind: 'status',
  messageId: 'm-1',
  report: { status: 'delivered', waId: WA_ID },
  at: undefined,
  ...changes,
});

describe('a status', () => {
  it.each(['SENT', 'DELIVERED', 'READ', 'FAILED', 'delivered', 'Read'])(
    'is recognized in any case: %s',
    (word) => {
      expect(readCallbacks(status({ status: word }))).toEqual([
        report({ report: { status: word.toLowerCase(), waId: WA_ID } }),
      ]);
    },
  );

  it('is recognized by its event in any case', () => {
    expect(readCallbacks(status({}, 'message_status'))).toEqual([report()]);
  });

  it('names its message by either id, or by both', () => {
    expect(readCallbacks(status({ waId: null }))).toEqual([report({ report: { status: 'delivered' } })]);
    expect(readCallbacks(status({ messageId: undefined }))).toEqual([report({ messageId: undefined })]);
  });

  it('has its own time when it carries one', () => {
    expect(readCallbacks(status({ timestamp: 1_767_323_045 }))).toEqual([
      report({ at: new Date(1_767_323_045_000) }),
    ]);
  });

  it('keeps why a message failed, with the code', () => {
    const failed = status({ status: 'FAILED', statusDesc: 'Message undeliverable', errorCode: 131026 });
    expect(readCallbacks(failed)).toMatchObject([
      { report: { status: 'failed', code: 131026, detail: '131026 Message undeliverable' } },
    ]);
  });

  it('shortens the reason of a failure to text that can be stored', () => {
    const [callback] = readCallbacks(status({ status: 'FAILED', statusDesc: `x${'😕'.repeat(2_000)}` }));
    const detail = callback?.kind === 'status' ? (callback.report.detail ?? '') : '';
    expect(detail.length).toBeGreaterThan(10);
    expect(detail.length).toBeLessThanOrEqual(500);
    expect(detail.isWellFormed()).toBe(true);
  });

  it('keeps no text of a success', () => {
    expect(readCallbacks(status({ statusDesc: 'Message delivered' }))).toEqual([report()]);
  });

  it.each([
    ['a word that is no status', status({ status: 'TELEPORTED' })],
    ['no word', status({ status: undefined })],
    ['no id', status({ waId: undefined, messageId: undefined })],
    ['empty ids', status({ waId: '', messageId: '' })],
    ['no message', { event: 'MESSAGE_STATUS' }],
    ['a prototype’s word', status({ status: 'constructor' })],
  ])('is kept raw when it has %s', (_, body) => {
    expect(readCallbacks(body)).toEqual([{ kind: 'unrecognised', raw: JSON.stringify(body) }]);
  });
});

describe('WhatsApp’s own envelope', () => {
  const envelope = (...values: unknown[]) => ({
    object: 'whatsapp_business_account',
    entry: [{ id: '1', changes: values.map((value) => ({ field: 'messages', value })) }],
  });
  const metadata = { display_phone_number: '254110090747', phone_number_id: '9' };
  const text = {
    from: '254717746565',
    id: 'wamid.in',
    timestamp: '1767323045',
    type: 'text',
    text: { body: 'hi' },
  };
  const inbound = {
    kind: 'inbound',
    id: 'wamid.in',
    pair: { business: '254110090747', customer: '254717746565' },
    writtenAt: new Date(1_767_323_045_000),
    said: ['hi'],
    reply: undefined,
  };

  it('carries messages to the number in its metadata', () => {
    expect(readCallbacks(envelope({ metadata, contacts: [], messages: [text] }))).toEqual([inbound]);
  });

  it('may format the business number as people do', () => {
    for (const display_phone_number of ['+254 110 090 747', '+254 110-090-747', '(254) 110090747']) {
      expect(readCallbacks(envelope({ metadata: { display_phone_number }, messages: [text] }))).toEqual([
        inbound,
      ]);
    }
  });

  it('carries flow replies, which open a window too', () => {
    const reply = {
      ...text,
      type: 'interactive',
      context: { id: 'wamid.out' },
      interactive: { type: 'nfm_reply', nfm_reply: { response_json: '{"a":1}', name: 'flow' } },
    };
    const filled = { response: { a: 1 }, quotedIds: ['wamid.out'], formName: 'flow' };
    expect(readCallbacks(envelope({ metadata, messages: [reply] }))).toEqual([{ ...inbound, reply: filled }]);
  });

  it('carries statuses, with their time and their errors', () => {
    const errors = [{ code: 131047, title: 'Re-engagement message' }, { title: 'more' }];
    const failed = { id: WA_ID, status: 'failed', timestamp: '1767323045', errors };
    expect(readCallbacks(envelope({ metadata, statuses: [failed] }))).toEqual([
      {
        kind: 'status',
        messageId: undefined,
        report: {
          status: 'failed',
          waId: WA_ID,
          code: 131047,
          detail: '131047 Re-engagement message; more',
        },
        at: new Date(1_767_323_045_000),
      },
    ]);
  });

  it('has every message and status of every change of every entry counted', () => {
    const sent = { id: WA_ID, status: 'sent', timestamp: '1767323045' };
    const one = { metadata, messages: [text, text], statuses: [sent] };
    const { entry } = envelope(one, one);
    const body = { object: 'x', entry: [...entry, ...entry] };
    expect(
      readCallbacks(body)
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual([...Array(8).fill('inbound'), ...Array(4).fill('status')]);
    expect(readCallbacks([body, body])).toHaveLength(24);
  });

  it('keeps anything else raw, and continues with the rest', () => {
    const kinds = readCallbacks(
      envelope(
        { event: 'account_update' },
        { metadata, messages: [text, { type: 'text' }], statuses: [{ id: 1 }] },
        null,
      ),
    ).map(({ kind }) => kind);
    expect(kinds).toEqual(['unrecognised', 'inbound', 'unplaced', 'unrecognised', 'unrecognised']);
  });

  it('keeps an entry without changes raw', () => {
    expect(readCallbacks({ entry: [{ id: '1' }, 7] }).map(({ kind }) => kind)).toEqual([
      'unrecognised',
      'unrecognised',
    ]);
  });

  it('carries notices that open no window', () => {
    const messages = [
      { ...text, type: 'system' },
      { ...text, type: 'unsupported' },
      { ...text, type: 'reaction' },
    ];
    expect(readCallbacks(envelope({ metadata, messages })).map(({ kind }) => kind)).toEqual(
      Array(3).fill('notice'),
    );
  });
});
