/** The signatures of a callback, checked against those that another implementation makes. */
import { createHmac, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { isSignedBy, maySign, signaturesIn } from '../../../src/lib/callbacks/auth/webhook-signature.ts';
import type { Signatures } from '../../../src/lib/callbacks/received-callback.ts';
import { later, NOW } from '../../support/fakes/samples.ts';

const KEY = 'hmac-key-of-thirty-two-characters';
const OTHER = 'other-key-of-thirty-two-characters';
const BYTES = Buffer.from('{"text":"Asante 👋🏽 @ é"}');
const ARRIVED = { receivedAt: NOW, toleranceSeconds: 300 };
const SECONDS = NOW.getTime() / 1000;

const hubOf = (bytes: Buffer, key = KEY) => `sha256=${createHmac('sha256', key).update(bytes).digest('hex')}`;

/** By the library of Standard Webhooks' authors. */
const standardOf = (bytes: Buffer, key: string, at = SECONDS, id = 'msg_1'): Signatures => {
  const webhook = key.startsWith('whsec_') ? new Webhook(key) : new Webhook(key, { format: 'raw' });
  const signatures = webhook.sign(id, new Date(at * 1000), bytes.toString('utf8'));
  return { standard: { id, timestamp: String(Math.floor(at)), signatures } };
};
const newKey = () => `whsec_${randomBytes(24).toString('base64')}`;

const judge = (given: Signatures, keys: string, bytes = BYTES, arrived = ARRIVED): boolean =>
  maySign(given, arrived) && isSignedBy(keys, given, bytes);

describe('X-Hub-Signature-256', () => {
  const isSigned = (signature: string | undefined, bytes = BYTES, keys = KEY): boolean =>
    judge({ signature }, keys, bytes);

  it('is valid for exactly the signed bytes', () => {
    expect(isSigned(hubOf(BYTES))).toBe(true);
    const rewritten = Buffer.from(JSON.stringify(JSON.parse('{"text": "Asante 👋🏽 @ é"}')));
    expect(isSigned(hubOf(Buffer.from('{"text": "Asante 👋🏽 @ é"}')), rewritten)).toBe(false);
    expect(isSigned(hubOf(BYTES), Buffer.concat([BYTES, Buffer.from('\n')]))).toBe(false);
  });

  it('is valid for an empty body and for bytes that are not text', () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from([0xff, 0xfe, 0x00])])
      expect(isSigned(hubOf(bytes), bytes)).toBe(true);
  });

  const good = hubOf(BYTES);
  const hex = good.slice('sha256='.length);
  const last = hex.endsWith('0') ? '1' : '0';
  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['of another key', hubOf(BYTES, OTHER)],
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
    expect(isSigned(signature)).toBe(false);
    expect(isSignedBy(KEY, { signature }, BYTES)).toBe(false);
  });

  it('may be made with either of two keys during a rotation', () => {
    const keys = `${KEY}, ${OTHER}`;
    expect([KEY, OTHER].map((key) => isSigned(hubOf(BYTES, key), BYTES, keys))).toEqual([true, true]);
  });

  it.each(['', ',', `${KEY},`, `,${KEY}`, ' , '])(
    'cannot be made with an empty key when the parameter is %j',
    (keys) => {
      for (const key of ['', ' ']) expect(isSigned(hubOf(BYTES, key), BYTES, keys)).toBe(false);
    },
  );
});

describe('the signatures of Standard Webhooks', () => {
  it('agree with the vector that its authors publish', () => {
    const published = {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestamp: '1614265330',
      signatures: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    const body = Buffer.from('{"test": 2432232314}');
    const arrived = { receivedAt: new Date(1_614_265_330_000), toleranceSeconds: 300 };
    expect(judge({ standard: published }, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', body, arrived)).toBe(
      true,
    );
  });

  it('are those of the library of its authors, whatever is signed', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 24, maxLength: 64 }),
        fc.json({ stringUnit: 'grapheme' }),
        fc.stringMatching(/^[\x21-\x7e]{1,256}$/),
        fc.integer({ min: -300, max: 300 }),
        (key, json, id, late) => {
          const secret = `whsec_${Buffer.from(key).toString('base64')}`;
          const bytes = Buffer.from(json);
          expect(judge(standardOf(bytes, secret, SECONDS + late, id), secret, bytes)).toBe(true);
        },
      ),
    );
  });

  it('may be made with a key that is no base64 but raw text', () => {
    expect(judge(standardOf(BYTES, KEY), KEY)).toBe(true);
    expect(judge(standardOf(BYTES, KEY), OTHER)).toBe(false);
  });

  it('may be several in one header, of several keys and versions, and one right one suffices', () => {
    const [old, next, foreign] = [newKey(), newKey(), newKey()];
    const one = (key: string) => standardOf(BYTES, key).standard?.signatures ?? '';
    const given = (...signatures: string[]): Signatures => ({
      standard: { id: 'msg_1', timestamp: String(SECONDS), signatures: signatures.join(' ') },
    });
    expect(judge(given(one(foreign), 'v1a,AAAA', one(old)), old)).toBe(true);
    expect(judge(given(one(old), one(next)), next)).toBe(true);
    for (const key of [old, next]) expect(judge(given(one(key)), `${old}, ${next}`)).toBe(true);
    expect(judge(given(one(foreign), 'v1a,AAAA'), `${old},${next}`)).toBe(false);
    // The same digest, called something else.
    expect(judge(given(one(old).replace('v1,', 'v1a,'), one(old).replace('v1,', '')), old)).toBe(false);
  });

  const key = newKey();
  const { standard } = standardOf(BYTES, key);
  if (!standard) throw new Error('nothing was signed');
  it.each<[string, Partial<typeof standard>]>([
    ['no id', { id: '' }],
    ['another id', { id: 'msg_2' }],
    ['an id that is too long', { id: 'x'.repeat(257) }],
    ['no time', { timestamp: '' }],
    ['another time', { timestamp: String(SECONDS + 1) }],
    ['a fraction of a second', { timestamp: `${SECONDS}.0` }],
    ['a time in milliseconds', { timestamp: String(SECONDS * 1000) }],
    ['a time with a sign', { timestamp: `+${SECONDS}` }],
    ['a time that is none', { timestamp: 'Infinity' }],
    ['no signature', { signatures: '' }],
    ['a signature that is cut', { signatures: standard.signatures.slice(0, -1) }],
    ['a signature with more behind it', { signatures: `${standard.signatures}=` }],
    ['a signature in base64url', { signatures: 'v1,-_-_-_-_' }],
    ['signatures with commas between', { signatures: `${standard.signatures},${standard.signatures}` }],
  ])('are rejected with %s', (_, changes) => {
    expect(judge({ standard }, key)).toBe(true);
    expect(judge({ standard: { ...standard, ...changes } }, key)).toBe(false);
  });

  it.each([
    [-301, false],
    [-300, true],
    [300, true],
    [301, false],
  ])('are rejected beyond the tolerance, either way: %i s', (late, right) => {
    const arrived = { receivedAt: later(late), toleranceSeconds: 300 };
    expect(judge({ standard }, key, BYTES, arrived)).toBe(right);
  });

  it('take the tolerance that is set', () => {
    const arrived = { receivedAt: later(11), toleranceSeconds: 10 };
    expect(judge({ standard }, key, BYTES, arrived)).toBe(false);
    expect(judge({ standard }, key, BYTES, { ...arrived, toleranceSeconds: 11 })).toBe(true);
  });
});

describe('both kinds in one request', () => {
  const right = { signature: hubOf(BYTES), ...standardOf(BYTES, KEY) };
  const wrong = { signature: hubOf(BYTES, OTHER), ...standardOf(BYTES, OTHER) };

  it('have to be right, each of them', () => {
    expect(judge(right, KEY)).toBe(true);
    expect(judge({ ...right, signature: wrong.signature }, KEY)).toBe(false);
    expect(judge({ ...right, standard: wrong.standard }, KEY)).toBe(false);
    expect(judge(wrong, KEY)).toBe(false);
    expect(judge({ ...right, signature: '' }, KEY)).toBe(false);
    expect(judge({}, KEY)).toBe(false);
  });

  it('may be of one key each during a rotation', () => {
    expect(judge({ ...right, standard: wrong.standard }, `${KEY},${OTHER}`)).toBe(true);
  });
});

describe('a key', () => {
  const SHORT = 'k'.repeat(31);
  const SHORT_BASE64 = `whsec_${'A'.repeat(28)}`;
  const BROKEN_BASE64 = `whsec_${'?'.repeat(32)}`;

  it.each([SHORT, SHORT_BASE64, BROKEN_BASE64, `whsec_${'A'.repeat(33)}`, 'whsec_'])(
    'is ignored if it is too short or no base64, while the other still counts: %j',
    (bad) => {
      const own = (key: string): Signatures[] => [
        { signature: hubOf(BYTES, key) },
        { standard: { id: 'm', timestamp: String(SECONDS), signatures: rawOf(key) } },
      ];
      for (const given of own(bad)) {
        expect(judge(given, bad)).toBe(false);
        expect(judge(given, `${bad},${KEY}`)).toBe(false);
      }
      for (const given of own(KEY)) expect(judge(given, `${bad},${KEY}`)).toBe(true);
    },
  );

  /** Under the text, and under what Node makes of its base64. */
  const rawOf = (key: string): string =>
    [Buffer.from(key), Buffer.from(key.replace('whsec_', ''), 'base64')]
      .map(
        (bytes) => `v1,${createHmac('sha256', bytes).update(`m.${SECONDS}.`).update(BYTES).digest('base64')}`,
      )
      .join(' ');

  it('counts from 32 characters on, or 24 bytes in base64', () => {
    const raw = 'k'.repeat(32);
    expect(judge({ signature: hubOf(BYTES, raw) }, raw)).toBe(true);
    const base64 = `whsec_${'A'.repeat(32)}`;
    expect(judge(standardOf(BYTES, base64), base64)).toBe(true);
    // X-Hub-Signature-256 knows no prefix: the key is the text.
    expect(judge({ signature: hubOf(BYTES, base64) }, base64)).toBe(true);
  });
});

describe('the headers of a request', () => {
  it('hold neither kind, one or both', () => {
    expect(signaturesIn({})).toEqual({});
    expect(signaturesIn({ 'webhook-id': 'm', 'webhook-timestamp': '1' })).toEqual({});
    expect(signaturesIn({ 'x-hub-signature-256': '' })).toEqual({ signature: '' });
    expect(signaturesIn({ 'webhook-signature': 'v1,x', 'webhook-id': 'm' })).toEqual({
      standard: { id: 'm', timestamp: '', signatures: 'v1,x' },
    });
  });

  it('are cut, since they may be stored, and hold only what a queue takes', () => {
    const names = ['x-hub-signature-256', 'webhook-id', 'webhook-timestamp', 'webhook-signature'];
    const given = signaturesIn(Object.fromEntries(names.map((name) => [name, '\ufffe👋'.repeat(5_000)])));
    const text = JSON.stringify(given);
    expect(text).toMatch(/^[ -~]*$/);
    expect(text.length).toBeLessThan(3_000);
    expect(maySign(given, ARRIVED)).toBe(false);
  });

  it('that were cut sign nothing', () => {
    const { standard } = standardOf(BYTES, KEY, SECONDS, 'x'.repeat(300));
    const given = signaturesIn({
      'webhook-id': standard?.id,
      'webhook-timestamp': standard?.timestamp,
      'webhook-signature': standard?.signatures,
    });
    expect(judge(given, KEY)).toBe(false);
  });
});
