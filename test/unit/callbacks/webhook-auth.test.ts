import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { isWebhookSecret, makeWebhookAuth } from '../../../src/lib/callbacks/auth/webhook-auth.ts';
import { secretHashOf } from '../../../src/lib/callbacks/received-callback.ts';
import { AppError } from '../../../src/lib/platform/errors.ts';
import { manualClock } from '../../support/fakes/clock.ts';
import { later, NOW } from '../../support/fakes/samples.ts';
import { fakeSecret } from '../../support/fakes/secret.ts';

const SECRET = 'a'.repeat(32);
const NEXT = 'b'.repeat(40);
const KEY = 'hmac-key-of-thirty-two-characters';
const BYTES = Buffer.from('{"text":"Asante 👋🏽 @ é"}');

const sign = (bytes: Buffer, key = KEY) => `sha256=${createHmac('sha256', key).update(bytes).digest('hex')}`;

describe('the secret in the path', () => {
  it('matches only as a whole', () => {
    expect(isWebhookSecret(SECRET, SECRET)).toBe(true);
    const wrong = [
      '',
      'a',
      SECRET.slice(1),
      `${SECRET}a`,
      SECRET.toUpperCase(),
      ` ${SECRET}`,
      `${SECRET},`,
      NEXT,
    ];
    for (const given of wrong) expect(isWebhookSecret(given, SECRET)).toBe(false);
  });

  it('may be either of two during a rotation', () => {
    const both = `${SECRET},${NEXT}`;
    expect([SECRET, NEXT].map((given) => isWebhookSecret(given, both))).toEqual([true, true]);
    expect(isWebhookSecret(both, both)).toBe(false);
    expect(isWebhookSecret('', both)).toBe(false);
  });

  it('may be surrounded by spaces and line breaks in its parameter', () => {
    const parameter = ` ${SECRET} ,\n${NEXT}\n`;
    expect([SECRET, NEXT].map((given) => isWebhookSecret(given, parameter))).toEqual([true, true]);
  });

  it.each(['', ',', ',,', ' , ', `${SECRET},`, `,${SECRET}`])(
    'never matches when it is empty and the parameter is %j',
    (parameter) => {
      for (const given of ['', ' ', ',']) expect(isWebhookSecret(given, parameter)).toBe(false);
    },
  );

  it('never matches when it is shorter than 32 characters, while the other secret still does', () => {
    const short = 'c'.repeat(31);
    expect(isWebhookSecret(short, short)).toBe(false);
    expect(isWebhookSecret(short, `${short},${SECRET}`)).toBe(false);
    expect(isWebhookSecret(SECRET, `${short},${SECRET}`)).toBe(true);
  });

  it('is compared without an error, whatever the length of the given value', () => {
    for (const length of [0, 1, 31, 33, 100_000])
      expect(isWebhookSecret('a'.repeat(length), SECRET)).toBe(false);
  });
});

describe('webhook authentication', () => {
  const makeAuth = (secret = fakeSecret(SECRET), hmacKey?: ReturnType<typeof fakeSecret>) =>
    makeWebhookAuth({ secret, hmacKey, toleranceSeconds: 300 });

  it('requires no signature when no key is set', async () => {
    const auth = makeAuth();
    expect(await auth.checkSignature({}, BYTES, NOW)).toBe('right');
    expect(await auth.checkSignature({ signature: 'rubbish' }, BYTES, NOW)).toBe('right');
  });

  it('requires a signature from everyone when a key is set, even if the parameter turns out to be empty', async () => {
    const auth = makeAuth(fakeSecret(SECRET), fakeSecret(KEY));
    expect(await auth.checkSignature({}, BYTES, NOW)).toBe('wrong');
    expect(await auth.checkSignature({ signature: sign(BYTES) }, BYTES, NOW)).toBe('right');
    const empty = makeAuth(fakeSecret(SECRET), fakeSecret(','));
    expect(await empty.checkSignature({}, BYTES, NOW)).toBe('wrong');
  });

  it('rejects every request without a secret in the path', async () => {
    const auth = makeAuth();
    expect(await Promise.all(['', SECRET].map(auth.checkSecret))).toEqual(['wrong', 'right']);
  });

  it('accepts a secret and a key that were changed a moment ago', async () => {
    const [secret, hmacKey] = [fakeSecret(SECRET), fakeSecret(KEY)];
    const auth = makeAuth(secret, hmacKey);
    secret.rotate(`${SECRET},${NEXT}`);
    hmacKey.rotate('new-hmac-key-of-thirty-two-characters');
    expect([await auth.checkSecret(NEXT), await auth.checkSecret(SECRET)]).toEqual(['right', 'right']);
    expect(
      await auth.checkSignature(
        { signature: sign(BYTES, 'new-hmac-key-of-thirty-two-characters') },
        BYTES,
        NOW,
      ),
    ).toBe('right');
  });

  it('accepts a new secret at most 30 s after a wrong one was tried', async () => {
    const clock = manualClock(NOW);
    const secret = fakeSecret(SECRET, clock);
    const auth = makeAuth(secret);
    expect(await auth.checkSecret(NEXT)).toBe('wrong');
    secret.rotate(`${SECRET},${NEXT}`);
    expect([await auth.checkSecret(NEXT), await auth.checkSecret(SECRET)]).toEqual(['wrong', 'right']);
    clock.advance(30_000);
    expect([await auth.checkSecret(NEXT), await auth.checkSecret(SECRET)]).toEqual(['right', 'right']);
  });

  it('reads no key for a signature that no key could make', async () => {
    const hmacKey = fakeSecret(KEY);
    hmacKey.breakWith(new AppError('store-unavailable', 'The key was read.'));
    const auth = makeAuth(fakeSecret(SECRET), hmacKey);
    const standard = { id: 'msg_1', timestamp: String(NOW.getTime() / 1000 - 301), signatures: 'v1,AAAA' };
    for (const given of [{}, { signature: 'rubbish' }, { standard }, { signature: '', standard }])
      expect(await auth.checkSignature(given, BYTES, NOW)).toBe('wrong');
  });

  it('ignores a key of under 32 characters, so that a parameter with no other admits no request', async () => {
    const short = KEY.slice(0, 31);
    const auth = makeAuth(fakeSecret(SECRET), fakeSecret(short));
    expect(await auth.checkSignature({ signature: sign(BYTES, short) }, BYTES, NOW)).toBe('wrong');
    const both = makeAuth(fakeSecret(SECRET), fakeSecret(`${short},${KEY}`));
    expect(await both.checkSignature({ signature: sign(BYTES, short) }, BYTES, NOW)).toBe('wrong');
    expect(await both.checkSignature({ signature: sign(BYTES) }, BYTES, NOW)).toBe('right');
  });

  it('can say nothing while a parameter cannot be read', async () => {
    const broken = fakeSecret(SECRET);
    broken.breakWith(new AppError('store-unavailable', 'The webhook secret could not be read.'));
    expect(await makeAuth(broken).checkSecret(SECRET)).toBe('unreadable');
    expect(
      await makeAuth(fakeSecret(SECRET), broken).checkSignature({ signature: sign(BYTES) }, BYTES, NOW),
    ).toBe('unreadable');
    const presented = { secretHash: secretHashOf(SECRET) };
    await expect(makeAuth(broken).confirms(presented, BYTES, NOW)).rejects.toMatchObject({
      code: 'store-unavailable',
    });
  });
});

describe('a callback that was stored unchecked', () => {
  const confirms = (presented: { secretHash: string; signature?: string }, keys?: string) =>
    makeWebhookAuth({
      secret: fakeSecret(`${SECRET}, ${NEXT}`),
      hmacKey: keys === undefined ? undefined : fakeSecret(keys),
      toleranceSeconds: 300,
    }).confirms(presented, BYTES, NOW);

  it('is confirmed by the hash of either current secret', async () => {
    for (const secret of [SECRET, NEXT])
      expect(await confirms({ secretHash: secretHashOf(secret) })).toBe(true);
  });

  it.each([
    ['of another secret', secretHashOf(`${SECRET}x`)],
    ['of nothing', secretHashOf('')],
    ['of both secrets', secretHashOf(`${SECRET}, ${NEXT}`)],
    ['that is none', SECRET],
    ['that is empty', ''],
    ['in upper case', secretHashOf(SECRET).toUpperCase()],
  ])('is not confirmed by a hash %s', async (_, secretHash) => {
    expect(await confirms({ secretHash })).toBe(false);
  });

  it('has its signed time compared with its arrival, however much later it is judged', async () => {
    const signedAt = later(-300);
    const webhook = new Webhook(KEY, { format: 'raw' });
    const standard = {
      id: 'msg_1',
      timestamp: String(signedAt.getTime() / 1000),
      signatures: webhook.sign('msg_1', signedAt, BYTES.toString()),
    };
    const auth = makeWebhookAuth({
      secret: fakeSecret(SECRET),
      hmacKey: fakeSecret(KEY),
      toleranceSeconds: 300,
    });
    const presented = { secretHash: secretHashOf(SECRET), standard };
    expect(await auth.confirms(presented, BYTES, NOW)).toBe(true);
    expect(await auth.confirms(presented, BYTES, later(1))).toBe(false);
    expect(await auth.confirms(presented, Buffer.from('{}'), NOW)).toBe(false);
  });

  it('needs its signature too, once a key is set', async () => {
    const secretHash = secretHashOf(SECRET);
    expect(await confirms({ secretHash, signature: sign(BYTES) }, KEY)).toBe(true);
    expect(await confirms({ secretHash, signature: sign(BYTES, `other-${KEY}`) }, KEY)).toBe(false);
    expect(await confirms({ secretHash }, KEY)).toBe(false);
    expect(await confirms({ secretHash: secretHashOf('x'), signature: sign(BYTES) }, KEY)).toBe(false);
  });
});
