import { describe, expect, it } from 'vitest';
import { type PhoneNumber, parsePhoneNumber } from '../../../src/lib/whatsapp/phone.ts';
import { twinOf } from '../../../src/lib/whatsapp/twin-numbers.ts';

describe('the other spelling of a number', () => {
  it.each([
    ['Mexico', '525512345678', '5215512345678'],
    ['Argentina', '541123456789', '5491123456789'],
    ['Brazil, Sao Paulo', '551187654321', '5511987654321'],
    ['Brazil, Minas Gerais', '553187654321', '5531987654321'],
    ['Benin', '22997123456', '2290197123456'],
  ] as [string, PhoneNumber, PhoneNumber][])('is known in %s, both ways', (_, short, long) => {
    expect([twinOf(short), twinOf(long)]).toEqual([long, short]);
  });

  it.each(['254717746565', '12025550143', '5212345678', '55119876543210', '447911123456', '5298765432101'])(
    'is unknown elsewhere, and with other lengths: %s',
    (number) => {
      expect(twinOf(number as PhoneNumber)).toBeUndefined();
    },
  );

  it('is a number that a file may hold, too', () => {
    for (const number of ['525512345678', '5215512345678', '541123456789', '5491123456789', '551187654321']) {
      expect(parsePhoneNumber(number)).toBe(number);
    }
  });
});
