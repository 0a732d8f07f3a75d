/** The records of the callback queue: what the webhook writes is what its worker reads, byte for byte. */
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLookup, parseCallbackRecord, parseLookup } from '../../../src/lib/callbacks/callback-records.ts';
import { pauseAfter } from '../../../src/lib/callbacks/process-received.ts';
import {
  encodeLookup,
  encodeRecord,
  type ReceivedCallback,
} from '../../../src/lib/callbacks/received-callback.ts';
import { NOW } from '../../support/fakes/samples.ts';

const MIB = 1024 * 1024;
const received = (bytes: Buffer, more: Partial<ReceivedCallback> = {}): ReceivedCallback => ({
  receivedAt: NOW,
  correlationId: 'c-1',
  bytes,
  ...more,
});
const again = (one: ReceivedCallback): ReceivedCallback => parseCallbackRecord(encodeRecord(one));

/** What SQS takes in a message: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
const FOR_SQS = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd]*$/;
const fitsSqs = (text: string) => Buffer.byteLength(text) <= MIB && FOR_SQS.test(text);

describe('a record of the callback queue', () => {
  it('carries any JSON text, byte for byte, in characters that SQS takes', () => {
    fc.assert(
      fc.property(
        fc.json({ stringUnit: 'binary' }),
        fc.constantFrom('', '\ufeff', '\n', ' '),
        (json, before) => {
          const one = received(Buffer.from(before + json));
          expect(fitsSqs(encodeRecord(one))).toBe(true);
          expect(again(one)).toEqual(one);
        },
      ),
    );
  });

  it('carries what has to be judged, and no secret', () => {
    const one = received(Buffer.from('{}'), { unchecked: { secretHash: 'abc', signature: 'sha256=00' } });
    expect(again(one)).toEqual(one);
    const standard = { id: 'msg_1', timestamp: '1614265330', signatures: 'v1,AAAA' };
    const both = received(Buffer.from('{}'), { unchecked: { secretHash: 'abc', signature: 's', standard } });
    expect(again(both)).toEqual(both);
  });

  it('is read as an earlier version wrote it, without the headers of Standard Webhooks', () => {
    const head = '{"receivedAt":"2026-01-02T03:04:05.000Z","correlationId":"c-1"';
    const unchecked = { secretHash: 'abc', signature: 'sha256=00' };
    expect(parseCallbackRecord(`${head}}\n{}`)).toEqual(received(Buffer.from('{}')));
    expect(parseCallbackRecord(`${head},"unchecked":${JSON.stringify(unchecked)}}\n{}`)).toEqual(
      received(Buffer.from('{}'), { unchecked }),
    );
  });

  it.each<[string, Buffer]>([
    ['blanks', Buffer.from(`{}${' '.repeat(MIB - 2)}`)],
    ['one long string', Buffer.from(`"${'x'.repeat(MIB - 2)}"`)],
    ['random base64', Buffer.from(`"${randomBytes(700_000).toString('base64')}"`)],
    ['characters that SQS refuses', Buffer.from(`"${'\uffff\ufffe'.repeat(100_000)}"`)],
  ])('carries %s', (_, bytes) => {
    expect(fitsSqs(encodeRecord(received(bytes)))).toBe(true);
    expect(again(received(bytes)).bytes.equals(bytes)).toBe(true);
  });

  it('refuses the last bytes before 1 MiB where they do not compress', () => {
    const noise = Buffer.from(`"${randomBytes((MIB * 3) / 4 - 3).toString('base64')}"`);
    expect(noise.length).toBeGreaterThan(MIB - 10);
    expect(() => encodeRecord(received(noise))).toThrow(
      expect.objectContaining({ code: 'payload-too-large' }),
    );
  });

  it.each(['', 'no', '{}\n{}', '{"receivedAt":"yesterday","correlationId":"c"}\n{}'])('is not %j', (text) => {
    expect(() => parseCallbackRecord(text)).toThrow();
  });
});

describe('a record of an unmatched status', () => {
  it('carries any description in characters that SQS takes, and is no callback', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(4), (detail, lookups) => {
        const report = { status: 'failed', at: NOW, code: 131_026, detail } as const;
        const text = encodeLookup({ waKey: 'key', report, lookups });
        expect([fitsSqs(text), isLookup(text)]).toEqual([true, true]);
        expect(parseLookup(text)).toEqual({ waKey: 'key', report, lookups });
      }),
    );
    expect(isLookup(encodeRecord(received(Buffer.from('{"lookUp":{}}'))))).toBe(false);
  });

  it.each([
    '{"lookUp":{}}',
    '{"lookUp":{"waKey":"k","report":{"status":"lost","at":"2026-01-02T03:04:05Z"},"lookups":0}}',
    '{"lookUp":{"waKey":"k","report":{"status":"sent","at":"2026-01-02T03:04:05Z"},"lookups":-1}}',
  ])('is not %s', (text) => {
    expect(() => parseLookup(text)).toThrow();
  });
});

describe('the pause before a failed callback is tried again', () => {
  it('is 2 seconds for a minute and a half, and then grows to 15 minutes', () => {
    const pauses = Array.from({ length: 59 }, (_, n) => pauseAfter(n + 1));
    expect(pauses.slice(0, 45)).toEqual(Array(45).fill(2));
    expect(pauses.slice(45)).toEqual([4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900, 900, 900]);
    expect(pauses.reduce((sum, pause) => sum + pause, 0)).toBeGreaterThan(6_000);
  });
});
