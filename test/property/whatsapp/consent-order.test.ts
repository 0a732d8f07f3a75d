/** The later word counts, and STOP wins a tie. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConsentWord } from '../../../src/lib/whatsapp/consent.ts';
import { afterConsent, hasOptedOut, type Session } from '../../../src/lib/whatsapp/session-window.ts';
import { later, NOW, PAIR } from '../../support/fakes/samples.ts';

/** A word of the customer, as often as it arrives. Times are in milliseconds after the start. */
interface Said {
  readonly optedOut: boolean;
  /** WhatsApp's time in seconds, if the callback has one. */
  readonly stamp: number | undefined;
  readonly arrivals: readonly number[];
  readonly place: number;
  /** An operator's word is no message, and arrives once. */
  readonly isOperators: boolean;
}

const said: fc.Arbitrary<Said> = fc.record({
  optedOut: fc.boolean(),
  stamp: fc.option(fc.nat(3), { nil: undefined }),
  arrivals: fc.array(
    fc.integer({ min: 3_000, max: 7_000 }).map((ms) => ms - (ms % 250)),
    { minLength: 1, maxLength: 3 },
  ),
  place: fc.nat(2),
  isOperators: fc.boolean(),
});

const ms = (n: number) => later(n / 1000);

function wordsOf(one: Said, n: number): ConsentWord[] {
  const { optedOut, stamp, arrivals, place } = one;
  if (one.isOperators) return [{ optedOut, at: ms(arrivals[0] ?? 0) }];
  return arrivals.map((arrival) => ({
    optedOut,
    at: stamp === undefined ? ms(arrival) : ms(stamp * 1000),
    seenAt: ms(arrival),
    place,
    of: `m-${n}`,
  }));
}

/** Does the customer end opted out? Told by all of what was said, not by the order in which it was handled. */
function standsIn(all: readonly Said[]): boolean {
  const facts = all.map(({ optedOut, stamp, arrivals, place, isOperators }) => {
    const arrival = isOperators ? (arrivals[0] ?? 0) : Math.min(...arrivals);
    const isStamped = !isOperators && stamp !== undefined;
    const second = isStamped ? stamp : Math.floor(arrival / 1000);
    return { optedOut, when: [second, arrival, isOperators ? 0 : place] as const };
  });
  const isOutdone = ({ when }: (typeof facts)[number]) =>
    facts.some((other) => {
      const n = when.findIndex((figure, k) => figure !== other.when[k]);
      return n >= 0 && (other.when[n] ?? 0) > (when[n] ?? 0);
    });
  return facts.some((fact) => fact.optedOut && !isOutdone(fact));
}

const endOf = (words: readonly ConsentWord[], start: Session = { pair: PAIR }): Session =>
  words.reduce((session, word) => afterConsent(session, word), start);

/** Each copy of a message with the earliest arrival among the copies handled so far: a store remembers it. */
function remembered(words: readonly ConsentWord[]): ConsentWord[] {
  const first = new Map<string, ConsentWord>();
  return words.map((word) => {
    if (word.of === undefined) return word;
    const known = first.get(word.of);
    if (!known || (word.seenAt ?? NOW) < (known.seenAt ?? NOW)) first.set(word.of, word);
    return first.get(word.of) ?? word;
  });
}

describe('STOPs and STARTs', () => {
  const handled = fc
    .array(said, { minLength: 1, maxLength: 8 })
    .chain((all) =>
      fc.tuple(
        fc.constant(all),
        fc.shuffledSubarray(all.flatMap(wordsOf), { minLength: all.flatMap(wordsOf).length }),
      ),
    );

  it('have one result in every order and with every repeat: that of the later word', () => {
    fc.assert(
      fc.property(handled, ([all, words]) => {
        expect(hasOptedOut(endOf(remembered(words)))).toBe(standsIn(all));
      }),
      { numRuns: 1_000 },
    );
  });

  it('change nothing any more once all of them are handled', () => {
    fc.assert(
      fc.property(handled, ([, words]) => {
        const end = endOf(remembered(words));
        expect(endOf(remembered([...words, ...words]).slice(words.length), end)).toBe(end);
      }),
    );
  });

  const heard = (optedOut: boolean, stamp: number | undefined, arrival: number, place = 0): ConsentWord => {
    const seenAt = ms(arrival);
    const at = stamp === undefined ? seenAt : ms(stamp);
    return { optedOut, at, seenAt, place, of: `${optedOut} ${stamp} ${arrival} ${place}` };
  };
  const [STOP, START] = [true, false];

  it.each<[string, ConsentWord, ConsentWord, boolean]>([
    ['a later second', heard(STOP, 1_000, 9_000), heard(START, 2_000, 8_000), START],
    ['a later arrival without a stamp', heard(STOP, undefined, 5_100), heard(START, undefined, 5_200), START],
    [
      'a later place without a stamp',
      heard(STOP, undefined, 5_100, 0),
      heard(START, undefined, 5_100, 1),
      START,
    ],
    ['STOP in a tie', heard(STOP, undefined, 5_100), heard(START, undefined, 5_100), STOP],
    [
      'a later place in one body with one stamp',
      heard(STOP, 5_000, 5_900, 0),
      heard(START, 5_000, 5_900, 1),
      START,
    ],
    ['a later arrival with one stamp', heard(STOP, 5_000, 5_800), heard(START, 5_000, 5_900), START],
    ['a later arrival if one has a stamp', heard(STOP, 5_000, 5_800), heard(START, undefined, 5_900), START],
    ['a later arrival within a second', heard(STOP, 5_300, 5_800), heard(START, 5_400, 5_700), STOP],
    [
      'an operator who is later than the arrival',
      heard(STOP, 5_000, 5_800),
      { optedOut: START, at: ms(5_900) },
      START,
    ],
  ])('are decided by %s', (_, one, other, optedOut) => {
    expect(hasOptedOut(endOf([one, other]))).toBe(optedOut);
    expect(hasOptedOut(endOf([other, one]))).toBe(optedOut);
  });

  it('of an operator, or older than one, leave nothing to remember', () => {
    const start = endOf([
      { optedOut: true, at: ms(1_000), seenAt: ms(1_100), of: 'a' },
      { optedOut: false, at: ms(2_000) },
    ]);
    expect(start.words).toEqual([{ optedOut: false, at: ms(2_000), seenAt: ms(2_000) }]);
    expect(endOf([{ optedOut: true, at: ms(500), seenAt: ms(3_000), of: 'b' }], start)).toBe(start);
  });
});

describe('a consent that was stored without its words', () => {
  const of = (optedOut: boolean): Session => ({ pair: PAIR, consent: { optedOut, at: ms(1_000) } });
  const word = (optedOut: boolean, at: number): ConsentWord => ({
    optedOut,
    at: ms(at),
    seenAt: ms(5_500),
    of: 'm',
  });

  it('yields to a later word, and to no earlier one', () => {
    expect(hasOptedOut(endOf([word(false, 2_000)], of(true)))).toBe(false);
    expect(hasOptedOut(endOf([word(true, 2_000)], of(false)))).toBe(true);
    expect(hasOptedOut(endOf([word(false, 0)], of(true)))).toBe(true);
    expect(hasOptedOut(endOf([word(true, 0)], of(false)))).toBe(false);
  });

  it('has a STOP win within its second, because its arrival is unknown', () => {
    expect(hasOptedOut(endOf([word(false, 1_000)], of(true)))).toBe(true);
    expect(hasOptedOut(endOf([word(true, 1_000)], of(false)))).toBe(true);
  });

  it('counts beside words that do not explain it, as of a merge or an earlier release', () => {
    const words = [word(false, 2_000)];
    const stopped: Session = { pair: PAIR, consent: { optedOut: true, at: ms(3_000) }, words };
    expect(hasOptedOut(endOf([word(false, 2_500)], stopped))).toBe(true);
    expect(hasOptedOut(endOf([{ ...word(false, 4_000), of: 'n' }], stopped))).toBe(false);
  });
});
