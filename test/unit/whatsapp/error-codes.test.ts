/**
 * whatsapp-rules, "Error codes": each code is in one class, and each class has its action in responses and callbacks.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { readAnswer } from '../../../src/lib/lipachat/outcome-of-response.ts';
import { nextStep, verdictOn } from '../../../src/lib/lipachat/verdict.ts';
import { pauseBefore } from '../../../src/lib/messages/backoff.ts';
import {
  classOf,
  ERROR_CLASSES,
  type ErrorClass,
  pairPauseSeconds,
} from '../../../src/lib/whatsapp/error-codes.ts';
import { waIdOf } from '../../support/fakes/gateway.ts';
import { idOf, NOW, PAIR, sampleRequest, sampleSession } from '../../support/fakes/samples.ts';
import { makeWorld, type World } from '../../support/fakes/world.ts';

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

/** The page, written out a second time. */
const PAGE: Record<ErrorClass, readonly number[]> = {
  'stop-number': [
    ...[0, 190, 3, 10, ...range(200, 299), 368, 131005, 131031, 131042, 131045, 131037],
    ...[133000, 133005, 133006, 133008, 133009, 133010, 133015, 133016, 134011],
  ],
  wait: [2, 4, 80007, 130429, 131016, 131057, 133004, 134101],
  'pair-too-fast': [131056],
  'window-shut': [131047],
  undeliverable: [131026, 130472, 130497, 131030, 131051, 131062],
  'held-for-user': [131049],
  'opted-out': [131050],
  'bad-request': [
    ...[33, 100, 131008, 131009, 131021, 131052, 131053, 132000, 132001, 132005, 132007, 132008],
    ...[132012, 135000],
  ],
  'content-held': [132015, 132069],
  'content-blocked': [131048, 132016, 132068, 131063, 131064],
  'cannot-tell': [1, 131000],
};
const CODES = Object.entries(PAGE).flatMap(([name, codes]) => codes.map((code) => ({ name, code })));

describe('the error codes', () => {
  it.each(CODES)('put $code into class $name', ({ name, code }) => {
    expect(classOf(code)).toBe(name);
  });

  it('contain no code but those of the page', () => {
    const known = new Set(CODES.map(({ code }) => code));
    const others = [...range(-300, 1_000), ...range(80_000, 80_010), ...range(130_000, 136_000)];
    expect(others.filter((code) => !known.has(code) && classOf(code) !== undefined)).toEqual([]);
    expect([Number.NaN, 0.5, Infinity, 131_047.1].map(classOf)).toEqual(Array(4).fill(undefined));
  });

  it('contain each code once, and each class', () => {
    expect(new Set(CODES.map(({ code }) => code)).size).toBe(CODES.length);
    expect([...ERROR_CLASSES].sort()).toEqual(Object.keys(PAGE).sort());
  });

  it('pause a pair for 4, 16, 64, 256 and then 256 seconds', () => {
    expect([1, 2, 3, 4, 5, 50].map(pairPauseSeconds)).toEqual([4, 16, 64, 256, 256, 256]);
  });

  it('lead to longer pauses each time, up to a quarter of an hour, and to an end', () => {
    const pauses = range(0, 20).map((tries) => pauseBefore({ tries }, { retryAfter: 0 }));
    expect(pauses[0]).toBeLessThan(pauses[3] ?? 0);
    expect(Math.max(...pauses.slice(0, 20).map(Number))).toBeLessThanOrEqual(900);
    expect([pauses[19], pauses[20]]).toEqual([expect.any(Number), undefined]);
    expect(pauseBefore({}, { retryAfter: 600 })).toBe(600);
    expect(pauseBefore({}, { retryAfter: 7_200 })).toBe(900);
    expect(pauseBefore({ tries: 2 }, { retryAfter: 0, maxTries: 2 })).toBeUndefined();
  });
});

/** A refusal as LipaChat may pass it on. */
const refusal = (code: number) =>
  readAnswer(
    {
      httpStatus: 400,
      body: JSON.stringify({ data: null, status: 'error', message: `(#${code}) Oh`, errors: null }),
    },
    NOW,
  );
const tries = { calls: 1, maxCalls: 3, msLeft: 20_000, random: 0.5, ambiguityMode: 'resend' } as const;

const DOES: Record<ErrorClass, { step: string; verdict: Record<string, unknown> }> = {
  'stop-number': { step: 'stop', verdict: { kind: 'release', code: 'gateway-unavailable', alert: true } },
  wait: { step: 'retry', verdict: { kind: 'release', code: 'gateway-throttled' } },
  'pair-too-fast': { step: 'stop', verdict: { kind: 'release', code: 'gateway-throttled', pair: true } },
  'window-shut': { step: 'stop', verdict: { kind: 'release', code: 'session-closed' } },
  undeliverable: { step: 'stop', verdict: { kind: 'rejected', code: 'gateway-rejected' } },
  'held-for-user': {
    step: 'stop',
    verdict: { kind: 'release', code: 'gateway-rejected', retryAfter: 86_400, maxTries: 1, accepts: true },
  },
  'opted-out': { step: 'stop', verdict: { kind: 'release', code: 'recipient-opted-out' } },
  'bad-request': { step: 'stop', verdict: { kind: 'rejected', code: 'gateway-rejected' } },
  'content-held': { step: 'stop', verdict: { kind: 'release', code: 'gateway-throttled', alert: true } },
  'content-blocked': {
    step: 'stop',
    verdict: { kind: 'release', code: 'gateway-throttled', retryAfter: 21_600, maxTries: 4, alert: true },
  },
  'cannot-tell': { step: 'stop', verdict: { kind: 'release', code: 'gateway-unavailable', maxTries: 2 } },
};

describe('an error code in the response', () => {
  it.each(CODES)('leads to the action of its class: $code, $name', ({ name, code }) => {
    const { step, verdict } = DOES[name as ErrorClass];
    const outcome = refusal(code);
    expect(nextStep(outcome, tries).kind).toBe(step);
    expect(verdictOn(outcome, { mayHaveLeft: false, ambiguityMode: 'resend' })).toMatchObject(verdict);
    const only = ['alert', 'pair', 'maxTries', 'accepts'];
    const given = Object.keys(verdictOn(outcome, { mayHaveLeft: false, ambiguityMode: 'resend' }));
    expect(given.filter((key) => only.includes(key)).sort()).toEqual(
      Object.keys(verdict)
        .filter((key) => only.includes(key))
        .sort(),
    );
  });

  it.each(CODES)('settles nothing that may have been sent: $code', ({ code }) => {
    expect(verdictOn(refusal(code), { mayHaveLeft: true, ambiguityMode: 'resend' }).kind).toBe('unknown');
  });

  it("is the message's own fault when it is not listed", () => {
    expect(verdictOn(refusal(139_999), { mayHaveLeft: false, ambiguityMode: 'resend' })).toMatchObject({
      kind: 'rejected',
    });
  });
});

describe('an error code in a callback', () => {
  let world: World;
  beforeEach(async () => {
    world = makeWorld();
    await world.sessions.create(sampleSession());
  });

  async function failedWith(code: number) {
    const p = world.process('p');
    const request = sampleRequest({ whenClosed: 'park', parkForSeconds: 3_600, messageId: idOf('m-1') });
    await p.send({ request });
    world.clock.advance(1_000);
    const at = world.clock.now();
    await p.handleStatus('m-1', { status: 'failed', at, waId: waIdOf('m-1'), code, detail: 'Oh' });
    return {
      status: world.onlyMessage()?.status,
      open: (await p.read.session(PAIR)).open,
      optedOut: (await p.read.session(PAIR)).optedOut,
      alerts: world.telemetry.counted('gateway.alert'),
      calls: world.gateway.calls.length,
    };
  }

  /** Classes that are resent within a quarter of an hour. */
  const SOON = ['stop-number', 'content-held', 'wait', 'pair-too-fast', 'cannot-tell'];

  it.each(CODES)(
    'leads to the action of its class and nothing else: $code, $name',
    async ({ name, code }) => {
      const plain = { status: 'failed', open: true, optedOut: false, alerts: 0, calls: 1 };
      const expected: Partial<Record<string, object>> = {
        'stop-number': { status: 'queued', alerts: 1 },
        'content-held': { status: 'queued', alerts: 1 },
        'content-blocked': { status: 'queued', alerts: 1 },
        wait: { status: 'queued' },
        'pair-too-fast': { status: 'queued' },
        'cannot-tell': { status: 'queued' },
        'held-for-user': { status: 'queued' },
        'window-shut': { status: 'parked', open: false },
        'opted-out': { optedOut: true },
      };
      expect(await failedWith(code)).toEqual({ ...plain, ...expected[name] });
      const { sweep, workOff } = world.process('later');
      for (let n = 0; n < 15; n += 1) {
        world.clock.advance(61_000);
        await sweep();
        await workOff();
      }
      const second = world.onlyMessage()?.resendIds?.['1'];
      const ids = world.gateway.calls.map(({ request }) => request.messageId);
      expect(ids).toEqual(SOON.includes(name) ? ['m-1', second] : ['m-1']);
      if (SOON.includes(name)) expect(world.onlyMessage()?.status).toBe('sent');
    },
  );
});

describe('an error code of class cannot-tell', () => {
  it('leads to two repeats at most, and then the message fails', async () => {
    const world = makeWorld();
    await world.sessions.create(sampleSession());
    const outcome = refusal(131_000);
    world.gateway.always(outcome);
    const p = world.process('p');
    await p.send({ respondAsync: true });
    for (let n = 0; n < 30; n += 1) {
      await p.workOff();
      world.clock.advance(61_000);
      await p.sweep();
    }
    expect(world.onlyMessage()?.status).toBe('failed');
    expect(world.gateway.calls.length).toBeLessThanOrEqual(3);
  });
});
