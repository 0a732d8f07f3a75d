/** A stored callback in its worker: judged if it was stored unchecked, and handled with its arrival's time. */
import { Webhook } from 'standardwebhooks';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeWebhookAuth } from '../../../src/lib/callbacks/auth/webhook-auth.ts';
import { makeProcessReceived } from '../../../src/lib/callbacks/process-received.ts';
import { type ReceivedCallback, secretHashOf } from '../../../src/lib/callbacks/received-callback.ts';
import { AppError } from '../../../src/lib/platform/errors.ts';
import { later, NOW, PAIR } from '../../support/fakes/samples.ts';
import { fakeSecret } from '../../support/fakes/secret.ts';
import { makeWorld, type World } from '../../support/fakes/world.ts';

const SECRET = 's'.repeat(40);
const TEXT = { messageId: 'in-1', from: PAIR.customer, to: PAIR.business, type: 'TEXT', text: 'hi' };

let world: World;
let secret: ReturnType<typeof fakeSecret>;
beforeEach(() => {
  world = makeWorld();
  secret = fakeSecret(SECRET);
});

const KEY = 'hmac-key-of-thirty-two-characters';

const handle = (changes: Partial<ReceivedCallback> = {}, hmacKey?: ReturnType<typeof fakeSecret>) => {
  const { handleStored } = world.process('callbacks');
  const auth = makeWebhookAuth({ secret, hmacKey, toleranceSeconds: 300 });
  const { telemetry, callbacks } = world;
  const use = makeProcessReceived({ auth, handleCallbacks: handleStored, callbacks, telemetry });
  const bytes = Buffer.from(`\ufeff${JSON.stringify(TEXT)}`);
  return use({ receivedAt: NOW, correlationId: 'c-1', bytes, ...changes });
};
const window = async () => (await world.sessions.get(PAIR))?.value.window;

describe('a stored callback', () => {
  it('has its effects as of its arrival, however late it is handled', async () => {
    world.clock.advance(3_600_000);
    await handle();
    expect((await window())?.expiresAt).toEqual(later(86_400));
  });

  it('has no effect where it was forged, and is counted', async () => {
    await handle({ unchecked: { secretHash: secretHashOf('another') } });
    expect(await window()).toBeUndefined();
    expect(world.telemetry.counted('callback.forged')).toBe(1);
  });

  it('has its effects where it was stored unchecked with the right secret', async () => {
    await handle({ unchecked: { secretHash: secretHashOf(SECRET) } });
    expect(await window()).toBeDefined();
    expect(world.telemetry.counted('callback.forged')).toBe(0);
  });

  it.each([
    ['in time when it arrived, though an hour ago', 0, true],
    ['too old when it arrived', -301, false],
  ])('that was stored unchecked and signed %s', async (_, signedAfter, hasEffect) => {
    const body = JSON.stringify(TEXT);
    const signedAt = later(signedAfter);
    const standard = {
      id: 'msg_1',
      timestamp: String(signedAt.getTime() / 1000),
      signatures: new Webhook(KEY, { format: 'raw' }).sign('msg_1', signedAt, body),
    };
    world.clock.advance(3_600_000);
    const unchecked = { secretHash: secretHashOf(SECRET), standard };
    await handle({ unchecked, bytes: Buffer.from(body) }, fakeSecret(KEY));
    expect((await window()) !== undefined).toBe(hasEffect);
    expect(world.telemetry.counted('callback.forged')).toBe(hasEffect ? 0 : 1);
  });

  it('is tried again while the secret cannot be read', async () => {
    secret.breakWith(new AppError('store-unavailable', 'The webhook secret could not be read.'));
    const unchecked = { secretHash: secretHashOf(SECRET) };
    await expect(handle({ unchecked })).rejects.toMatchObject({ code: 'store-unavailable' });
    expect(await window()).toBeUndefined();
  });

  it('ends a replay that is understood in full, and no other', async () => {
    const kept = '{"odd":1}';
    await world.callbacks.keepRaw(kept, NOW, { why: 'unrecognised', receivedAt: NOW });
    await handle({ replayOf: kept, bytes: Buffer.from(kept) });
    expect(world.callbacks.raw()).toEqual([kept]);
    await handle({ replayOf: kept });
    expect(world.callbacks.raw()).toEqual([]);
  });

  it('keeps the entry that is poison, not the whole', async () => {
    const poison = {
      event: 'TEMPLATE_STATUS',
      templateStatus: { status: 'X', templateName: 'x'.repeat(600) },
    };
    await handle({ bytes: Buffer.from(JSON.stringify([TEXT, poison])) });
    expect(await window()).toBeDefined();
    expect(world.callbacks.raw()).toEqual([JSON.stringify(poison)]);
  });

  it('finds each of 5,000 poison entries in the body, within seconds', { timeout: 5_000 }, async () => {
    const poison = Array.from({ length: 5_000 }, (_, n) => ({
      templateStatus: { status: 'X', templateName: `sha256:${String(n).padStart(64, '0')}` },
    }));
    await handle({ bytes: Buffer.from(JSON.stringify(poison)) });
    expect(world.callbacks.raw()).toHaveLength(5_000);
    expect(world.callbacks.raw()).toContain(JSON.stringify(poison[4_999]));
  });
});
