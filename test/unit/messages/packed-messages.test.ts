/** What a message's item costs: DynamoDB bills each write by the item's size, per started KB. */
import { marshall } from '@aws-sdk/util-dynamodb';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageCodec } from '../../../src/lib/messages/dynamo-messages.ts';
import type { Message } from '../../../src/lib/messages/message.ts';
import { pack, unpack } from '../../../src/lib/messages/packed-texts.ts';
import { receiptOf } from '../../../src/lib/messages/receipt.ts';
import { itemSize } from '../../support/capacity.ts';
import { idOf, later, NOW, sampleMessage, sampleRequest } from '../../support/fakes/samples.ts';

const UNIT = 1024;
const WA_ID = 'wamid.HBgMMjU0NzAyNDQzMzQ0FQIAERgSNkFDOEE0OTQxOEZGNDNDOEQ4AA==';

/** A text of a hundred characters, and 300 bytes of data. */
const request = sampleRequest({
  text: 'Thank you, please share your details, and one of our agents will be in touch within a working day.',
  flowId: '1234567890123456',
  data: {
    customer: { name: 'Asha Wanjiru', branch: 'Nairobi West', since: '2019-04-01' },
    service: 'Home loan',
    serviceOption: 'Refinance an existing mortgage',
    amount: 1_250_000,
    options: ['Yes', 'No', 'Ask me next month'].map((title, n) => ({
      id: `${n}_${title.length}`,
      title,
    })),
    note: 'Bring an id',
  },
});

const claimed = sampleMessage({ request, flowId: request.flowId, createdAt: NOW });

/** The same of a client with a namespace, under its own UUID. */
const ownId = idOf('6f1c2a44-9d0e-4b7c-8a55-3b1f0c9d7e21');
const named: Message = { ...claimed, clientMessageId: ownId };

const gateway = {
  timestamp: '2026-11-27T23:19:20.488481553',
  data: {
    messageId: claimed.messageId,
    waId: WA_ID,
    status: 'SENT',
    statusDesc: 'Message sent successfully',
  },
  status: 'success',
  message: '',
  errors: null,
};

function sent(claim: Message = claimed): Message {
  const { lease: _, dueAt: __, ...settled } = claim;
  const times = { firstTryAt: later(0.02), sentAt: later(0.81) };
  const timeline = [...claimed.timeline, { at: later(0.81), status: 'sent', source: 'gateway' } as const];
  const message: Message = { ...settled, ...times, status: 'sent', attempts: 1, waId: WA_ID, timeline };
  const session = { open: true, expiresAt: later(86_400).toISOString() };
  return {
    ...message,
    answer: { kind: 'sent', body: JSON.stringify(receiptOf(message, { session, gateway })) },
  };
}

function reported(message: Message, ...statuses: ('delivered' | 'read')[]): Message {
  const entries = statuses.map((status, n) => ({ at: later(n + 1.25), status, source: 'callback' }) as const);
  const { request: _, ...rest } = message;
  return { ...rest, status: statuses.at(-1) ?? message.status, timeline: [...message.timeline, ...entries] };
}

const sizeOf = (message: Message): number => {
  const keys = { pk: messageCodec.pkOf(message.messageId), rev: '00000000-0000-4000-8000-000000000000' };
  return itemSize(marshall({ ...messageCodec.toItem(message), ...keys }, { removeUndefinedValues: true }));
};

describe('the item of a message', () => {
  it('has the size of payload that the limit is for', () => {
    expect(request.text.length).toBeLessThanOrEqual(100);
    expect(JSON.stringify(request.data).length).toBeGreaterThan(280);
    expect(JSON.stringify(request.data).length).toBeLessThanOrEqual(300);
  });

  it.each([
    ['claimed', claimed],
    ['dispatched', { ...claimed, firstTryAt: later(0.02), attempts: 1 }],
    ['sent', sent()],
    ['delivered', reported(sent(), 'delivered')],
    ['read', reported(sent(), 'delivered', 'read')],
    ['claimed in a namespace', named],
    ['sent in a namespace', sent(named)],
    ['read in a namespace', reported(sent(named), 'delivered', 'read')],
  ])('costs one unit: %s', (_, message) => {
    expect(sizeOf(message)).toBeLessThanOrEqual(UNIT);
  });

  it.each([claimed, sent(), reported(sent(), 'read'), named, sent(named)])(
    'is read as it was written',
    (message) => {
      const item = { ...messageCodec.toItem(message), pk: messageCodec.pkOf(message.messageId) };
      const { rev: _, ...stored } = { rev: '', ...item };
      expect(messageCodec.fromItem(stored)).toEqual(message);
    },
  );
});

describe("a client's own id", () => {
  const anyId = fc.oneof(
    fc.stringMatching(/^[A-Za-z0-9._:~-]{1,128}$/),
    fc.uuid(),
    fc.uuid().map((id) => id.toUpperCase()),
  );

  it('is read to the letter, from the table and from a change stream', () => {
    fc.assert(
      fc.property(anyId, (id) => {
        const message: Message = { ...claimed, clientMessageId: idOf(id) };
        const item = { ...messageCodec.toItem(message), pk: messageCodec.pkOf(message.messageId) };
        const inStream = Object.entries<unknown>(item).map(([name, value]) => [
          name,
          value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
        ]);
        expect(messageCodec.fromItem(item)).toEqual(message);
        expect(messageCodec.fromItem({ ...Object.fromEntries(inStream), pk: item.pk })).toEqual(message);
      }),
    );
  });
});

describe('packed texts', () => {
  const own = fc.array(fc.string({ unit: 'binary' }), { maxLength: 7 });
  const texts = fc.array(fc.option(fc.json(), { nil: undefined }), { minLength: 1, maxLength: 3 });

  it('come back to the byte', () => {
    fc.assert(
      fc.property(texts, own, (given, values) => {
        expect(unpack(pack(given, values), values)).toEqual(given);
      }),
    );
  });

  it('are never read with the values of another item', () => {
    expect(() => unpack(pack(['{"a":1}'], ['one']), ['two'])).toThrow();
  });

  it('of a later release are refused by their version', () => {
    const packed = pack(['{"a":1}'], []);
    expect(() => unpack(Uint8Array.from([9, ...packed.subarray(1)]), [])).toThrow(/later release: version 9/);
  });
});
