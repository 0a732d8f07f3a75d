/** The names under which a text is listed: whatever `isNamedIn` finds in a text, its list has. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CustomerId, PhoneNumber } from '../../../src/lib/whatsapp/customer.ts';
import { namesIn, namesOf } from '../../../src/lib/whatsapp/names-in-text.ts';
import { isNamedIn } from '../../../src/lib/whatsapp/phone.ts';

const digits = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength, maxLength });
const number = digits(11, 20).map((text) => text as PhoneNumber);
const letters = 'ABCXYZabcxyz0189';
const alnum = fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 9 });
const userId = fc
  .tuple(fc.constantFrom('KE', 'US'), fc.constantFrom('.', '.ENT.'), alnum)
  .map((parts) => parts.join('') as CustomerId);

/** As people and gateways write a number: with separators anywhere, or inside base64 at any offset. */
const spelt = (name: string) =>
  fc.oneof(
    fc
      .array(fc.constantFrom('', '', '', ' ', '-', '.', '(', ')', '+', '\u2011', '\u200e'), {
        minLength: name.length,
        maxLength: name.length,
      })
      .map((marks) => [...name].map((digit, n) => digit + (marks[n] ?? '')).join('')),
    fc
      .tuple(fc.string({ minLength: 8, maxLength: 13 }), fc.string({ minLength: 3, maxLength: 9 }))
      .map(([before, after]) => `wamid.${Buffer.from(before + name + after).toString('base64')}`),
    fc.constant(`+${name}`),
  );
const around = fc.oneof(
  fc.string({ unit: 'binary' }),
  digits(0, 9),
  fc.constantFrom('"', '{"from":"', '","id":'),
);

const ALL = 1_000_000;

describe('the names of a text', () => {
  it('have the name of each number that it names', () => {
    const texts = number.chain((one) => fc.tuple(fc.constant(one), around, spelt(one), around));
    fc.assert(
      fc.property(texts, ([one, before, middle, after]) => {
        const text = before + middle + after;
        fc.pre(isNamedIn(text, one));
        const names = namesIn(text, ALL);
        expect(namesOf(one).every((name) => names?.has(name))).toBe(true);
      }),
    );
  });

  it('have each user id that it names', () => {
    fc.assert(
      fc.property(userId, around, around, (id, before, after) => {
        const text = before + id + after;
        fc.pre(isNamedIn(text, id));
        expect(namesIn(text, ALL)?.has(id)).toBe(true);
      }),
    );
  });

  it('have each number of any text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'0123456 -'), minLength: 20, maxLength: 60 }),
        fc.nat(),
        (text, at) => {
          const all = text.replace(/[ -]/g, '');
          fc.pre(all.length >= 11);
          const one = all.slice(at % (all.length - 10)).slice(0, 20) as PhoneNumber;
          expect(isNamedIn(text, one)).toBe(true);
          expect(namesIn(text, ALL)?.has(namesOf(one)[0] ?? '')).toBe(true);
        },
      ),
    );
  });

  it('are none for a text with more than so many', () => {
    const many = Array.from({ length: 40 }, (_, n) => `"2547000000${10 + n}"`).join();
    expect(namesIn(many, 32)).toBeUndefined();
    expect(namesIn(many, 80)?.size).toBe(44);
  });

  it('are few for a callback as they come', () => {
    const wamid = `wamid.${Buffer.from('\u001d\f254717746565\u0015\u0002').toString('base64')}`;
    const callback = {
      event: 'ODD',
      id: wamid,
      timestamp: '1782000000',
      from: '254717746565',
      to: '254110090747',
    };
    expect(namesIn(JSON.stringify(callback), 32)?.size).toBe(4);
  });

  it('have none of a number that is too short to be listed', () => {
    expect(namesOf('2547177465' as PhoneNumber)).toEqual([]);
  });
});
