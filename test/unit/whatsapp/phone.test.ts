import { describe, expect, it } from 'vitest';
import { userIdIn } from '../../../src/lib/whatsapp/customer.ts';
import {
  customerIn,
  gatewayPhoneNumber,
  isNamedIn,
  parsePhoneNumber,
  storedPhoneNumber,
} from '../../../src/lib/whatsapp/phone.ts';

describe('a phone number as a caller may write it', () => {
  it.each([
    ['digits alone', '254717746565'],
    ['a plus', '+254717746565'],
    ['blanks', '+254 717 746 565'],
    ['dashes', '254-717-746-565'],
    ['brackets', '+254 (717) 746565'],
    ['typographic dashes and a no-break space', '+254\u00a0717\u2011746\u2013565'],
    ['marks of direction around it', '\u202a+254717746565\u202c'],
    ['a mark of direction behind it', '254717746565\u200e'],
    ['blanks around it', '  +254717746565 '.trimStart()],
    ['a trunk zero after the country code', '+254 (0)717 746565'],
  ])('is read with %s', (_, spelling) => {
    expect(parsePhoneNumber(spelling)).toBe('254717746565');
  });

  it.each([
    ['nothing', ''],
    ['blanks only', '   '],
    ['a plus only', '+'],
    ['a national number with its trunk zero', '0717746565'],
    ['an international prefix instead of a plus', '00254717746565'],
    ['a number with too few digits', '25471'],
    ['a number with too many digits', '2547177465651234'],
    ['an unassigned country code', '999717746565'],
    ['letters', '+254 717 FLOWS'],
    ['an extension', '+254717746565 ext. 5'],
    ['dots', '+254.717.746.565'],
    ['two plusses', '++254717746565'],
    ['a plus further on', '254+717746565'],
    ['two numbers', '254717746565,254717746566'],
    ['digits of another script', '٢٥٤٧١٧٧٤٦٥٦٥'],
    ['a WhatsApp address', '254717746565@s.whatsapp.net'],
    ['a tel: link', 'tel:+254717746565'],
  ])('is refused when it is %s', (_, spelling) => {
    expect(parsePhoneNumber(spelling)).toBeUndefined();
  });

  it('is the same in every spelling, so that a repeat in another spelling is recognized', () => {
    const spellings = ['+1 (212) 555-0123', '1 212 555 0123', '+12125550123', '1-212-555-0123'];
    expect(new Set(spellings.map(parsePhoneNumber))).toEqual(new Set(['12125550123']));
  });

  it.each([
    ['Mexican, with the 1 that WhatsApp still writes', '+52 1 55 1234 5678', '5215512345678'],
    ['Mexican, without it', '+52 55 1234 5678', '525512345678'],
    ['Brazilian, with the ninth digit', '+55 11 98765-4321', '5511987654321'],
    ['Brazilian, without it', '+55 11 8765-4321', '551187654321'],
    ['Argentinian, with the 9 of a mobile', '+54 9 11 2345-6789', '5491123456789'],
    ['Italian, whose zero is part of it', '+39 06 6982 1234', '390669821234'],
    ['the sandbox’s', '+254110090747', '254110090747'],
  ])('keeps the digits of a number that is %s', (_, spelling, digits) => {
    expect(parsePhoneNumber(spelling)).toBe(digits);
  });
});

describe('a phone number as the gateway gives it', () => {
  it.each([
    ['254717746565', '254717746565'],
    ['+254717746565', '254717746565'],
    [' 254 717 746565 ', '254717746565'],
    ['5215512345678', '5215512345678'],
    ['551187654321', '551187654321'],
  ])('is %s without a plus and spaces, and nothing else is rewritten', (given, digits) => {
    expect(gatewayPhoneNumber(given)).toBe(digits);
  });

  it.each(['', '+', '1234', 'CUSTOMER', '2547x7746565', '123456789012345678901', '25471774+565'])(
    'is not a number when it is %j',
    (given) => {
      expect(gatewayPhoneNumber(given)).toBeUndefined();
    },
  );
});

describe('a number that may be stored already', () => {
  it.each([
    ['an older length of Benin', '22961234567', '22961234567'],
    ['an older length of Ivory Coast', '+225 07 12 34 56', '22507123456'],
    ['eight digits', '12345678', '12345678'],
    ['the shortest', '12345', '12345'],
    ['the longest', '12345678901234567890', '12345678901234567890'],
    ['a country that is not assigned', '+999 123-45678', '99912345678'],
    ['a possible number, as a caller writes it', '+254 (0)717 746565', '254717746565'],
    ['a Mexican id of WhatsApp', '5215512345678', '5215512345678'],
  ])('is taken: %s', (_, spelling, digits) => {
    expect(storedPhoneNumber(spelling)).toBe(digits);
    expect(customerIn(spelling)).toBe(digits);
  });

  it.each(['', '1234', '123456789012345678901', '2547177465x5', '++22961234567', 'KE', '٢٢٩٦١٢٣٤'])(
    'is none: %s',
    (spelling) => expect(customerIn(spelling)).toBeUndefined(),
  );
});

describe('a user id', () => {
  it.each([
    'US.13491208655302741918',
    'KE.1234abcd',
    'US.ENT.11815799212886844830',
    'KE.7',
    `KE.${'a'.repeat(128)}`,
  ])('is %s', (id) => {
    expect(userIdIn(id)).toBe(id);
    expect(customerIn(id)).toBe(id);
  });

  it.each([
    '',
    'US.',
    'US',
    'us.123',
    'USA.123',
    'US.12 3',
    'US.1.2',
    'US.ENT.',
    '254717746565',
    `KE.${'a'.repeat(129)}`,
    '<PARENT_BSUID>',
    'KE.1#2',
  ])('is not %j', (text) => expect(userIdIn(text)).toBeUndefined());

  it('is named in a text as a whole only', () => {
    const id = userIdIn('KE.777');
    if (!id) throw new Error('no id');
    for (const text of ['{"user_id":"KE.777"}', 'KE.777', 'from KE.777, KE.8', 'KE.7777 and KE.777'])
      expect(isNamedIn(text, id)).toBe(true);
    for (const text of ['', 'KE.7771', 'XKE.777', 'KE.777a', 'KE777'])
      expect(isNamedIn(text, id)).toBe(false);
  });
});
