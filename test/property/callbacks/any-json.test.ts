/** Any JSON, mixed with valid messages: with a healthy store no fault, no message lost, and every oddity kept or counted. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeWebhookAuth } from '../../../src/lib/callbacks/auth/webhook-auth.ts';
import { parseCallbackRecord } from '../../../src/lib/callbacks/callback-records.ts';
import { makeProcessReceived } from '../../../src/lib/callbacks/process-received.ts';
import { encodeRecord } from '../../../src/lib/callbacks/received-callback.ts';
import { jsonOf } from '../../../src/lib/http/api.ts';
import type { PhoneNumber } from '../../../src/lib/whatsapp/phone.ts';
import { NOW, PAIR } from '../../support/fakes/samples.ts';
import { fakeSecret } from '../../support/fakes/secret.ts';
import { makeWorld } from '../../support/fakes/world.ts';

/** JSON as text, with what JSON.stringify never writes: keys twice, lone surrogates, numbers past a double. */
const odd: fc.Arbitrary<string> = fc.oneof(
  fc.json({ maxDepth: 4, stringUnit: 'binary' }),
  fc.constantFrom(
    ...['{"__proto__":{"from":"1"},"type":"TEXT"}', '{"constructor":{"prototype":1}}', '{"":{"":[]}}'],
    ...[
      '{"type":"TEXT","type":7}',
      '"\\ud800"',
      '{"\\udfff":"\\u0000"}',
      '1e999',
      '-1e-999',
      '9007199254740993',
    ],
    ...[
      '{"messages":[]}',
      '{"entry":[]}',
      '{"entry":[{"changes":[{"value":null}]}]}',
      '[]',
      '[[[]]]',
      'null',
    ],
    ...[
      '{"event":"MESSAGE_STATUS","messageStatus":[]}',
      '{"event":"TEMPLATE_STATUS","templateStatus":{"status":{}}}',
    ],
  ),
);
const FIELDS = [
  'messageId',
  'id',
  'type',
  'timestamp',
  'text',
  'context',
  'event',
  'messageStatus',
  'interactive',
  'from',
];
/** An entry with the names of ours and values of any type. */
const nearly = fc
  .dictionary(fc.constantFrom(...FIELDS, '__proto__', 'user_preferences', 'statuses'), odd, { maxKeys: 6 })
  .map((fields) => `{${Object.entries(fields).map(([name, json]) => `"${name}":${json}`)}}`);

const numberOf = (n: number) => `2547000${String(n).padStart(5, '0')}` as PhoneNumber;
const valid = (n: number): string =>
  JSON.stringify({
    messageId: `wamid.v${n}`,
    from: numberOf(n),
    to: PAIR.business,
    type: 'TEXT',
    text: 'hi',
  });

/** The webhook's own steps, then the worker's, with the record as the queue has it. */
async function handled(text: string) {
  const world = makeWorld();
  const { handleStored } = world.process('callbacks');
  const { callbacks, telemetry } = world;
  const auth = makeWebhookAuth({
    secret: fakeSecret('s'.repeat(40)),
    hmacKey: undefined,
    toleranceSeconds: 300,
  });
  const processReceived = makeProcessReceived({ auth, handleCallbacks: handleStored, callbacks, telemetry });
  const bytes = Buffer.from(text);
  jsonOf(bytes);
  const received = { receivedAt: NOW, correlationId: 'c', bytes };
  await processReceived(parseCallbackRecord(encodeRecord(received)));
  return world;
}

describe('any JSON among valid messages', () => {
  it('never fails, and never loses a message', async () => {
    const entries = fc.array(fc.oneof(odd, nearly, fc.constant('valid')), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(entries, async (all) => {
        const body = all.map((one, n) => (one === 'valid' ? valid(n) : one));
        const world = await handled(`[${body.join(',')}]`);
        for (const [n, one] of all.entries()) {
          if (one !== 'valid') continue;
          const pair = { ...PAIR, customer: numberOf(n) };
          expect((await world.sessions.get(pair))?.value.window?.lastInboundAt).toEqual(NOW);
        }
      }),
    );
  });

  it('never fails as a whole body', async () => {
    await fc.assert(fc.asyncProperty(fc.oneof(odd, nearly), async (text) => void (await handled(text))));
  });

  it.each([1_000, 10_000, 100_000])('loses no message beside %i levels', async (levels) => {
    const deep = `${'[{"a":'.repeat(levels)}1${'}]'.repeat(levels)}`;
    const world = await handled(`[${valid(1)},${deep},${valid(2)}]`);
    for (const n of [1, 2])
      expect((await world.sessions.get({ ...PAIR, customer: numberOf(n) }))?.value.window).toBeDefined();
    expect(world.callbacks.raw().length).toBe(1);
  });

  it('is kept in few raw callbacks, however many entries a body has', async () => {
    const many = Array.from({ length: 150_000 }, (_, n) => n).join(',');
    const world = await handled(`[${many},${valid(1)}]`);
    expect(await world.sessions.get({ ...PAIR, customer: numberOf(1) })).toBeDefined();
    const raws = world.callbacks.raw();
    expect(raws.length).toBeLessThan(8);
    expect(raws.flatMap((raw) => JSON.parse(raw) as number[]).toSorted((a, b) => a - b)).toHaveLength(
      150_000,
    );
    expect(world.telemetry.counted('callback.unrecognised')).toBe(150_000);
  });
});
