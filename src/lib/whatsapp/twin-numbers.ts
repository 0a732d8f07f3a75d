import type { PhoneNumber } from './phone.ts';

/*
 * Countries with an old and a new spelling of mobile numbers, which differ by digits behind the country code.
 * WhatsApp knows many people under one of them and delivers to either, so a list with both may reach one person
 * twice. Which spelling is right can't be told from the digits: the other one may be another person's.
 */

interface Spellings {
  readonly short: RegExp;
  readonly long: RegExp;
  /** Between the two parts that `short` and `long` capture. */
  readonly digits: string;
}

const SPELLINGS: readonly Spellings[] = [
  // Mexico dropped the 1 in 2019, WhatsApp kept it.
  { short: /^(52)(\d{10})$/, long: /^(52)1(\d{10})$/, digits: '1' },
  // Argentina's 9 stands only before mobile numbers, and only from abroad.
  { short: /^(54)(\d{10})$/, long: /^(54)9(\d{10})$/, digits: '9' },
  // Brazil's ninth digit, behind the area code, from 2012 to 2016.
  { short: /^(55\d\d)(\d{8})$/, long: /^(55\d\d)9(\d{8})$/, digits: '9' },
  // Benin's 01, from 30 November 2024.
  { short: /^(229)(\d{8})$/, long: /^(229)01(\d{8})$/, digits: '01' },
];

/** Only numbers of these countries have one. Test it first, since most have none. */
export const MAY_HAVE_TWIN = /^(?:52|54|55|229)/;

/** The other spelling of what may be the same person's number; undefined in all other countries. */
export function twinOf(number: PhoneNumber): PhoneNumber | undefined {
  for (const { short, long, digits } of SPELLINGS) {
    if (short.test(number)) return number.replace(short, `$1${digits}$2`) as PhoneNumber;
    if (long.test(number)) return number.replace(long, '$1$2') as PhoneNumber;
  }
  return undefined;
}
