/** The pauses between tries, and the tries that each class of WhatsApp's codes allows. */
import { describe, expect, it } from 'vitest';
import { counted, isTooEarly, pauseBefore, retryOf } from '../../../src/lib/messages/backoff.ts';
import { later, NOW, sampleMessage } from '../../support/fakes/samples.ts';

describe('the retry of a class', () => {
  it.each([
    ['stop-number', { code: 'gateway-unavailable', retryAfter: 600, alert: true }],
    ['content-held', { code: 'gateway-throttled', retryAfter: 600, alert: true }],
    ['content-blocked', { code: 'gateway-throttled', retryAfter: 21_600, maxTries: 4, alert: true }],
    ['wait', { code: 'gateway-throttled', retryAfter: 5 }],
    ['pair-too-fast', { code: 'gateway-throttled', retryAfter: 5, pair: true }],
    ['cannot-tell', { code: 'gateway-unavailable', retryAfter: 5, maxTries: 2 }],
    ['held-for-user', { code: 'gateway-rejected', retryAfter: 86_400, maxTries: 1, accepts: true }],
  ] as const)('says what its sender does: %s', (errorClass, retry) => {
    expect(retryOf(errorClass)).toEqual({ errorClass, ...retry });
  });

  it.each(['window-shut', 'undeliverable', 'opted-out', 'bad-request', undefined] as const)(
    'is none where no time mends it: %s',
    (errorClass) => {
      expect(retryOf(errorClass)).toBeUndefined();
    },
  );
});

describe('the pause before the next try', () => {
  const pauses = (pause: Parameters<typeof pauseBefore>[1], tries: readonly number[]) =>
    tries.map((n) => pauseBefore({ tries: n }, pause));

  it('doubles from 10 s up to a quarter of an hour, for twenty tries', () => {
    expect(pauses({ retryAfter: 5 }, [0, 1, 5, 6, 7, 8, 19, 20])).toEqual([
      ...[10, 20, 320, 640, 900, 900, 900],
      undefined,
    ]);
    expect(pauseBefore({}, { retryAfter: 5 })).toBe(10);
  });

  it('is that of the pair where the pair is too fast', () => {
    expect(pauses({ retryAfter: 5, pair: true }, [0, 1, 2, 3, 4])).toEqual([5, 16, 64, 256, 256]);
  });

  it('is at least as long as asked, and no longer than a quarter of an hour', () => {
    expect(pauses({ retryAfter: 600 }, [0, 6, 7])).toEqual([600, 640, 900]);
    expect(pauses({ retryAfter: 9_999 }, [0])).toEqual([900]);
  });

  it('is longer only for the class that asks for a day', () => {
    expect(pauseBefore({}, { errorClass: 'held-for-user', retryAfter: 86_400, maxTries: 1 })).toBe(86_400);
    expect(pauseBefore({}, { errorClass: 'wait', retryAfter: 86_400 })).toBe(900);
  });

  it('ends after the tries of its class, whatever the others have used', () => {
    const pause = { errorClass: 'cannot-tell', retryAfter: 5, maxTries: 2 } as const;
    const pauseAfter = (tries: number, ofClass: number) =>
      pauseBefore({ tries, triesOf: { 'cannot-tell': ofClass } }, pause);
    expect([pauseAfter(1, 1), pauseAfter(2, 2)]).toEqual([20, undefined]);
    expect(pauseAfter(9, 1)).toBe(900);
    expect(pauseAfter(20, 0)).toBeUndefined();
    expect(pauseBefore({ tries: 3, triesOf: { 'held-for-user': 1 } }, pause)).toBe(80);
  });

  it('counts all tries where it has no class', () => {
    expect(pauseBefore({ tries: 1 }, { retryAfter: 5, maxTries: 2 })).toBe(20);
    expect(pauseBefore({ tries: 2 }, { retryAfter: 5, maxTries: 2 })).toBeUndefined();
  });
});

describe('a try in vain', () => {
  it('is counted in all, and by its class where that has a limit', () => {
    expect(counted({}, undefined)).toEqual({ tries: 1, triesOf: undefined });
    expect(counted({ tries: 3 }, 'wait')).toEqual({ tries: 4, triesOf: undefined });
    expect(counted({}, 'cannot-tell')).toEqual({ tries: 1, triesOf: { 'cannot-tell': 1 } });
    const twice = counted({ tries: 3, triesOf: { 'cannot-tell': 1, 'held-for-user': 1 } }, 'cannot-tell');
    expect(twice).toEqual({ tries: 4, triesOf: { 'cannot-tell': 2, 'held-for-user': 1 } });
    expect(counted(twice, 'undeliverable')).toEqual({ ...twice, tries: 5 });
  });
});

describe('a record of the queue', () => {
  it('is too early more than a second before its time', () => {
    const due = (seconds: number) => isTooEarly(sampleMessage({ notBefore: later(seconds) }), NOW);
    expect([due(1.001), due(1), due(0), due(-60)]).toEqual([true, false, false, false]);
    expect(isTooEarly(sampleMessage(), NOW)).toBe(false);
  });
});
