import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlowRequest, Message } from '../../src/lib/messages/message.ts';
import { idOf, later, NOW, sampleMessage, sampleRequest } from '../support/fakes/samples.ts';
import { engines, type Stores } from './engines.ts';

/** Data in which systems tend to lose something. */
const awkward: Record<string, string> = {
  'a __proto__ key': '{"__proto__":{"admin":true},"plain":1}',
  'a __proto__ key further down': '{"a":{"__proto__":[1],"constructor":{"prototype":null}}}',
  'emoji, accents and other scripts': '{"👋🏽":"Habari yako 🇰🇪","é":"e\\u0301","名":"שלום"}',
  'empty strings, keys, lists and objects': '{"":"","a":"","list":[],"object":{}}',
  'null, true, false and zero': '{"null":null,"yes":true,"no":false,"zero":0}',
  'minus zero': '{"zero":-0}',
  'numbers at the edge': '{"big":9007199254740991,"small":-9007199254740991,"tiny":5e-324,"third":0.1}',
  'a number of 38 digits and more': '{"pi":3.141592653589793,"huge":1.7976931348623157e308}',
  'control characters': '{"text":"\\u0000\\u0001\\t\\n\\r\\u2028\\u2029\\ufeff"}',
  'nested lists of unlike things': '{"list":[[],[[]],[{"a":[null,"",0]}],null]}',
  'keys that look like the table’s own': '{"pk":"x","rev":"y","expires":1,"due":"z","waId":"w"}',
};

const deep = (levels: number): string => `${'{"in":'.repeat(levels)}1${'}'.repeat(levels)}`;

describe.each(engines)('a message that is stored and read on $name', ({ open }) => {
  let stores: Stores;
  beforeAll(async () => {
    stores = await open();
  });
  afterAll(() => stores.close());

  async function roundTrip(message: Message): Promise<Message | undefined> {
    await stores.messages.create(message);
    return (await stores.messages.get(message.messageId))?.value;
  }

  const withData = (id: string, json: string): Message => {
    const request = sampleRequest({ messageId: idOf(id), data: JSON.parse(json) as FlowRequest['data'] });
    return sampleMessage({ messageId: idOf(id), request });
  };

  it('keeps every field of a claim', async () => {
    const message = sampleMessage({ messageId: idOf('claim') });
    expect(await roundTrip(message)).toEqual(message);
  });

  it('keeps every field of a settled message', async () => {
    const message: Message = {
      messageId: idOf('settled'),
      clientId: 'client-7',
      fingerprint: 'x'.repeat(43),
      to: sampleRequest().to,
      from: sampleRequest().from,
      flowId: 'flow 1 – é 👋',
      status: 'delivered',
      epoch: 3,
      attempts: 4,
      createdAt: new Date(NOW.getTime() + 1),
      sentAt: new Date(NOW.getTime() + 999),
      waId: 'wamid.HBgMMjU0==',
      answer: { kind: 'sent', body: '{"gateway":{"data":{"x":"👋","n":1.50}},"messageId":"settled"}' },
      reason: 'WhatsApp reported a failure',
      dueAt: later(61),
      expiresAt: later(30 * 86_400),
      timeline: [
        { at: NOW, status: 'sending', source: 'api' },
        {
          at: later(0.123),
          status: 'unknown',
          source: 'gateway',
          detail: 'LipaChat did not respond in time',
        },
        { at: later(3), status: 'delivered', source: 'callback' },
      ],
    };
    expect(await roundTrip(message)).toEqual(message);
  });

  it('keeps every field of a waiting message, and of its reply', async () => {
    const response = { __proto__: null, name: 'Amina 👋', list: [1, null, { deep: '' }], zero: 0 };
    const message = sampleMessage({
      messageId: idOf('waiting'),
      status: 'parked',
      lease: undefined,
      accepted: true,
      tries: 3,
      triesOf: { 'cannot-tell': 2, 'held-for-user': 1 },
      notBefore: new Date(NOW.getTime() + 86_400_007),
      clientMessageId: idOf('own-1'),
      resends: 2,
      resendIds: { 2: 'resend-2' },
      parkedUntil: new Date(NOW.getTime() + 60_123),
      templateMessage: {
        messageId: 'inv-1',
        state: 'unknown',
        waId: 'wamid.i',
        triedAt: later(0.007),
        notBefore: later(0.009),
        resends: 1,
        earlierIds: { 0: 'template-0' },
        tries: 2,
        triesOf: { 'cannot-tell': 1 },
      },
      retiredWaIds: ['wamid.a', 'wamid.b'],
      reply: { id: 'wamid.r', at: later(0.001), response, matchedBy: 'context' },
      ambiguousReplies: [
        { id: 'wamid.1', at: later(0.002), response: 'no JSON {' },
        { id: 'wamid.2', at: later(0.003), response: null },
      ],
      reason: 'the session window is closed',
    });
    expect(await roundTrip(message)).toEqual(message);
  });

  it.each(['pending', 'sent', 'suppressed'] as const)(
    'keeps a template message that is %s',
    async (state) => {
      const templateMessage = { messageId: 'inv-1', state };
      const message = sampleMessage({ messageId: idOf(`invited-${state}`), templateMessage });
      expect((await roundTrip(message))?.templateMessage).toEqual(templateMessage);
    },
  );

  it('keeps a refusal with its text and its correlation id', async () => {
    const words = { detail: 'Request failed. 😕', correlationId: 'c-1' };
    const answer = { kind: 'rejected', code: 'gateway-rejected', ...words } as const;
    const message = sampleMessage({ messageId: idOf('refused'), answer, lease: undefined, dueAt: undefined });
    expect((await roundTrip(message))?.answer).toMatchObject(answer);
  });

  it('keeps the title of a stored refusal, whatever titles this release has', async () => {
    const words = { title: 'As it was', detail: 'Request failed.', correlationId: 'c-1' };
    const answer = { kind: 'rejected', code: 'gateway-rejected', ...words } as const;
    const message = sampleMessage({ messageId: idOf('titled'), answer, lease: undefined, dueAt: undefined });
    expect((await roundTrip(message))?.answer).toEqual(answer);
  });

  it('keeps the lease, its phase and its end to the millisecond', async () => {
    const lease = { owner: 'owner-9', until: new Date(NOW.getTime() + 60_001), phase: 'claimed' } as const;
    expect((await roundTrip(sampleMessage({ messageId: idOf('lease'), lease })))?.lease).toEqual(lease);
  });

  it('keeps absent fields absent', async () => {
    const absent = { request: undefined, lease: undefined, dueAt: undefined, answer: undefined };
    const message = await roundTrip(sampleMessage({ messageId: idOf('absent'), ...absent }));
    expect(message).toMatchObject({ messageId: 'absent' });
    for (const field of ['request', 'lease', 'dueAt', 'answer', 'sentAt', 'waId', 'reason'] as const) {
      expect(message?.[field]).toBeUndefined();
    }
  });

  it('gains no fields besides those that were stored', async () => {
    const message = sampleMessage({ messageId: idOf('no-more') });
    const known = new Set(Object.keys(message));
    const back = Object.entries((await roundTrip(message)) ?? {});
    expect(back.filter(([field, value]) => !known.has(field) && value !== undefined)).toEqual([]);
  });

  it.each(Object.entries(awkward))('keeps data with %s', async (name, json) => {
    const message = withData(`data-${name.replaceAll(/[^a-z]/g, '-')}`, json);
    const back = await roundTrip(message);
    expect(JSON.stringify(back?.request)).toBe(JSON.stringify(message.request));
  });

  it('keeps data a hundred levels deep', async () => {
    const message = withData('deep', deep(100));
    expect(JSON.stringify((await roundTrip(message))?.request)).toBe(JSON.stringify(message.request));
  });

  it('keeps data of 16 KiB in one list', async () => {
    const message = withData('big', JSON.stringify({ list: Array.from({ length: 3_000 }, (_, n) => n) }));
    expect((await roundTrip(message))?.request?.data).toEqual(message.request?.data);
  });

  it('is the same after a replace, and in the result of the replace', async () => {
    const message = withData('replaced', awkward['a __proto__ key'] ?? '{}');
    const written = await stores.messages.create(message);
    if (!written.done) throw new Error('not created');
    const replaced = await stores.messages.replace(written.stored, { ...written.stored.value, epoch: 2 });
    expect(JSON.stringify(replaced.stored?.value.request)).toBe(JSON.stringify(message.request));
    expect((await stores.messages.get(message.messageId))?.value).toEqual({ ...message, epoch: 2 });
  });

  it("is a copy: a reader's changes to it do not reach another reader", async () => {
    const message = sampleMessage({ messageId: idOf('copy') });
    const first = await roundTrip(message);
    first?.createdAt.setTime(0);
    expect((await stores.messages.get(idOf('copy')))?.value.createdAt).toEqual(NOW);
  });
});
