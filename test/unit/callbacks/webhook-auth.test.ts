import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { secretHashOf } from '../../../src/lib/callbacks/received-callback.ts';
import { isSignedBy, isWebhookSecret, makeWebhookAuth } from '../../../src/lib/callbacks/webhook-auth.ts';
import { AppError } from '../../../src/lib/platform/errors.ts';
import { manualClock } from '../../support/fakes/clock.ts';
import { NOW } from '../../support/fakes/samples.ts';
import { fakeSecret } from '../../support/fakes/secret.ts';

const SECRET = 'a'.repeat(32);
const NEXT = 'b'.repeat(40);
const KEY = 'hmac-key';
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

describe('a signature', () => {
  it('is valid for exactly the signed bytes', () => {
    expect(isSignedBy(KEY, sign(BYTES), BYTES)).toBe(true);
    const rewritten = Buffer.from(JSON.stringify(JSON.parse('{"text": "Asante 👋🏽 @ é"}')));
    expect(isSignedBy(KEY, sign(Buffer.from('{"text": "Asante 👋🏽 @ é"}')), rewritten)).toBe(false);
    expect(isSignedBy(KEY, sign(BYTES), Buffer.concat([BYTES, Buffer.from('\n')]))).toBe(false);
  });

  it('is valid for an empty body and for bytes that are not text', () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from([0xff, 0xfe, 0x00])]) {
      expect(isSignedBy(KEY, sign(bytes), bytes)).toBe(true);
    }
  });

  const good = sign(BYTES);
  const hex = good.slice('sha256='.length);
  const last = hex.endsWith('0') ? '1' : '0';
  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['of another key', sign(BYTES, 'other')],
    ['without its prefix', hex],
    ['under another prefix', `sha1=${hex}`],
    ['truncated', good.slice(0, -1)],
    ['truncated by a byte', good.slice(0, -2)],
    ['longer', `${good}0`],
    ['longer by a byte', `${good}00`],
    ['in capitals', `sha256=${hex.toUpperCase()}`],
    ['capital in its prefix', `SHA256=${hex}`],
    ['changed at its end', `${good.slice(0, -1)}${last}`],
    ['cut short by what is no digit', `sha256=${hex.slice(0, 32)}${'z'.repeat(32)}`],
    ['after a blank', ` ${good}`],
    ['before a line end', `${good}\n`],
    ['given twice', `${good},${good}`],
    ['in another form', `sha256=${Buffer.from(hex, 'hex').toString('base64')}`],
  ])('is rejected when it is %s', (_, signature) => {
    expect(isSignedBy(KEY, signature, BYTES)).toBe(false);
  });

  it('may be made with either of two keys during a rotation', () => {
    const keys = `${KEY}, other`;
    expect([KEY, 'other'].map((key) => isSignedBy(keys, sign(BYTES, key), BYTES))).toEqual([true, true]);
  });

  it.each(['', ',', `${KEY},`, `,${KEY}`, ' , '])(
    'cannot be made with an empty key when the parameter is %j',
    (keys) => {
      expect(isSignedBy(keys, sign(BYTES, ''), BYTES)).toBe(false);
      expect(isSignedBy(keys, sign(BYTES, ' '), BYTES)).toBe(false);
    },
  );
});

describe('webhook authentication', () => {
  const makeAuth = (secret = fakeSecret(SECRET), hmacKey?: ReturnType<typeof fakeSecret>) =>
    makeWebhookAuth({ secret, hmacKey });

  it('requires no signature when no key is set', async () => {
    const auth = makeAuth();
    expect(await auth.checkSignature(undefined, BYTES)).toBe('right');
    expect(await auth.checkSignature('rubbish', BYTES)).toBe('right');
  });

  it('requires a signature from everyone when a key is set, even if the parameter turns out to be empty', async () => {
    const auth = makeAuth(fakeSecret(SECRET), fakeSecret(KEY));
    expect(await auth.checkSignature(undefined, BYTES)).toBe('wrong');
    expect(await auth.checkSignature(sign(BYTES), BYTES)).toBe('right');
    const empty = makeAuth(fakeSecret(SECRET), fakeSecret(','));
    expect(await empty.checkSignature(undefined, BYTES)).toBe('wrong');
  });

  it('rejects every request without a secret in the path', async () => {
    const auth = makeAuth();
    expect(await Promise.all(['', SECRET].map(auth.checkSecret))).toEqual(['wrong', 'right']);
  });

  it('accepts a secret and a key that were changed a moment ago', async () => {
    const [secret, hmacKey] = [fakeSecret(SECRET), fakeSecret(KEY)];
    const auth = makeAuth(secret, hmacKey);
    secret.rotate(`${SECRET},${NEXT}`);
    hmacKey.rotate('new-key');
    expect([await auth.checkSecret(NEXT), await auth.checkSecret(SECRET)]).toEqual(['right', 'right']);
    expect(await auth.checkSignature(sign(BYTES, 'new-key'), BYTES)).toBe('right');
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

  it('can say nothing while a parameter cannot be read', async () => {
    const broken = fakeSecret(SECRET);
    broken.breakWith(new AppError('store-unavailable', 'The webhook secret could not be read.'));
    expect(await makeAuth(broken).checkSecret(SECRET)).toBe('unreadable');
    expect(await makeAuth(fakeSecret(SECRET), broken).checkSignature(sign(BYTES), BYTES)).toBe('unreadable');
    const presented = { secretHash: secretHashOf(SECRET) };
    await expect(makeAuth(broken).confirms(presented, BYTES)).rejects.toMatchObject({
      code: 'store-unavailable',
    });
  });
});

describe('a callback that was stored unchecked', () => {
  const confirms = (presented: { secretHash: string; signature?: string }, keys?: string) =>
    makeWebhookAuth({
      secret: fakeSecret(`${SECRET}, ${NEXT}`),
      hmacKey: keys === undefined ? undefined : fakeSecret(keys),
    }).confirms(presented, BYTES);

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

  it('needs its signature too, once a key is set', async () => {
    const secretHash = secretHashOf(SECRET);
    expect(await confirms({ secretHash, signature: sign(BYTES) }, KEY)).toBe(true);
    expect(await confirms({ secretHash, signature: sign(BYTES, 'other') }, KEY)).toBe(false);
    expect(await confirms({ secretHash }, KEY)).toBe(false);
    expect(await confirms({ secretHash: secretHashOf('x'), signature: sign(BYTES) }, KEY)).toBe(false);
  });
});
