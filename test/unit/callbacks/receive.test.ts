/** A callback on its arrival: checked, counted and stored with one call, or refused. */
import { beforeEach, describe, expect, it } from 'vitest';
import { makeWebhookAuth } from '../../../src/lib/callbacks/auth/webhook-auth.ts';
import {
  type Arrival,
  makeReceive,
  makeVerify,
  type Registration,
} from '../../../src/lib/callbacks/receive.ts';
import { secretHashOf } from '../../../src/lib/callbacks/received-callback.ts';
import { jsonOf } from '../../../src/lib/http/api.ts';
import { AppError } from '../../../src/lib/platform/errors.ts';
import { manualClock } from '../../support/fakes/clock.ts';
import { storeDown } from '../../support/fakes/link.ts';
import { fakeCallbackQueue } from '../../support/fakes/queue.ts';
import { NOW } from '../../support/fakes/samples.ts';
import { fakeSecret } from '../../support/fakes/secret.ts';
import { fakeTelemetry } from '../../support/fakes/telemetry.ts';

const SECRET = 's'.repeat(40);
const BODY = Buffer.from('[{"messageId":"a"},{"messageId":"b"}]');

let secret: ReturnType<typeof fakeSecret>;
let queue: ReturnType<typeof fakeCallbackQueue>;
let telemetry: ReturnType<typeof fakeTelemetry>;
beforeEach(() => {
  secret = fakeSecret(SECRET);
  queue = fakeCallbackQueue();
  telemetry = fakeTelemetry();
});

const receive = (changes: Partial<Arrival> & { body?: Buffer } = {}, callbackQueue = queue) => {
  const { body = BODY, ...arrival } = changes;
  const auth = makeWebhookAuth({ secret, hmacKey: undefined, toleranceSeconds: 300 });
  const use = makeReceive({ auth, callbackQueue, clock: manualClock(NOW), telemetry });
  const asked = {
    secret: SECRET,
    signatures: {},
    correlationId: 'c-1',
    bytes: () => body,
    json: jsonOf,
  };
  return use({ ...asked, ...arrival });
};

describe('a callback with the right secret', () => {
  it('is stored as it came, with its arrival, and its entries are counted', async () => {
    expect(await receive()).toBe(2);
    expect(queue.waiting).toEqual([{ receivedAt: NOW, correlationId: 'c-1', bytes: BODY }]);
    expect(telemetry.counted('callback.unchecked')).toBe(0);
  });

  it.each<[string, number]>([
    ['{}', 1],
    ['"text"', 1],
    ['[]', 0],
    ['{"messages":[{},{},{}]}', 3],
    ['{"messages":[],"type":"TEXT"}', 1],
    ['{"entry":[{"changes":[{"value":{"messages":[{},{}],"statuses":[{}]}},{"value":{}}]},{}]}', 5],
  ])('counts the entries of %s', async (body, entries) => {
    expect(await receive({ body: Buffer.from(body) })).toBe(entries);
  });

  it('is refused, and not stored, where it is no JSON or the queue is down', async () => {
    await expect(receive({ body: Buffer.from('{') })).rejects.toMatchObject({ code: 'invalid-request' });
    const down = fakeCallbackQueue(() => Promise.reject(storeDown()));
    await expect(receive({}, down)).rejects.toMatchObject({ code: 'store-unavailable' });
    expect(queue.waiting).toEqual([]);
  });
});

describe('a callback with a wrong secret', () => {
  it('is neither stored nor looked at', async () => {
    const bytes = () => expect.fail('the body was read');
    expect(await receive({ secret: 'x', bytes })).toBeUndefined();
    expect(await receive({ secret: undefined, bytes })).toBeUndefined();
    expect(queue.waiting).toEqual([]);
  });
});

describe('a callback while the secret cannot be read', () => {
  beforeEach(() =>
    secret.breakWith(new AppError('store-unavailable', 'The webhook secret could not be read.')),
  );

  it('is stored unchecked, with the hash of the secret and the signature', async () => {
    expect(await receive({ signatures: { signature: 'sha256=00' } })).toBe(2);
    const unchecked = { secretHash: secretHashOf(SECRET), signature: 'sha256=00' };
    expect(queue.waiting).toEqual([{ receivedAt: NOW, correlationId: 'c-1', bytes: BODY, unchecked }]);
    expect(telemetry.counted('callback.unchecked')).toBe(1);
    expect(JSON.stringify(queue.waiting)).not.toContain(SECRET);
  });

  it('is still refused where it is no JSON', async () => {
    await expect(receive({ body: Buffer.from('no') })).rejects.toMatchObject({ code: 'invalid-request' });
    expect(queue.waiting).toEqual([]);
  });
});

describe('a body that is nested too deep', () => {
  it.each([10_000, 100_000])('of %i levels is stored, as at least one entry', async (levels) => {
    const body = Buffer.from('['.repeat(levels) + ']'.repeat(levels));
    expect(await receive({ body })).toBeGreaterThanOrEqual(1);
    expect(queue.waiting).toHaveLength(1);
  });
});

describe('a registration', () => {
  const verify = (asked: Registration, given = SECRET) =>
    makeVerify({ auth: makeWebhookAuth({ secret, hmacKey: fakeSecret('key'), toleranceSeconds: 300 }) })(
      given,
      asked,
    );

  it.each<[Registration, string]>([
    [{ 'hub.mode': 'subscribe', 'hub.challenge': '1158201444', 'hub.verify_token': 'any' }, '1158201444'],
    [{ 'hub.challenge': '<b>x</b>' }, '<b>x</b>'],
    [{ 'hub.mode': 'unsubscribe', 'hub.challenge': '1' }, ''],
    [{ 'hub.mode': 'subscribe' }, ''],
    [{}, ''],
    [{ 'hub.challenge': 'x'.repeat(1024) }, 'x'.repeat(1024)],
  ])('with %j is answered, without a signature', async (asked, answer) => {
    expect(await verify(asked)).toBe(answer);
  });

  it('is refused with the wrong secret, whatever it asks', async () => {
    for (const asked of [{}, { 'hub.challenge': '1' }, { 'hub.challenge': 'x'.repeat(2000) }])
      expect(await verify(asked, 'x'.repeat(40))).toBeUndefined();
  });

  it('is refused with a challenge that is too long', async () => {
    await expect(verify({ 'hub.challenge': 'x'.repeat(1025) })).rejects.toMatchObject({
      code: 'invalid-request',
    });
  });

  it('is answered later where the secret cannot be read', async () => {
    secret = { ...fakeSecret(SECRET), get: () => Promise.reject(storeDown()) };
    await expect(verify({})).rejects.toMatchObject({ code: 'store-unavailable', retryAfter: 2 });
  });
});
