/*
 * JSON numbers are decimal, JavaScript's are binary: JSON.parse rounds what a double can't hold and says
 * nothing. 0.1 survives, because its shortest decimal text is 0.1 again; 0.12345678901234567890 does not.
 */

/**
 * Only JSON with a number of 16 characters or an exponent may change: a double holds any 15 digits. Test it first,
 * since most JSON has none.
 */
export const MAY_BE_ROUNDED = /(?:^|[\s:,[])-?(?:[\d.]{16}|[\d.]+[eE])/;
/** The strings and numbers of JSON that JSON.parse has accepted. */
const TOKENS = /"(?:[^"\\]+|\\.)*"|-?\d[\d.eE+-]*/g;

/**
 * JSON.parse, except that a number which a double would change becomes Infinity or -Infinity. No schema accepts
 * those, and JSON can't write them. Throws as JSON.parse does.
 */
export function parseExactJson(text: string): unknown {
  const parsed: unknown = JSON.parse(text);
  const exact = text.replace(TOKENS, (token) => (token.startsWith('"') || isExact(token) ? token : '1e999'));
  return exact === text ? parsed : JSON.parse(exact);
}

/** Is the number the same after JSON.parse? Compares values: 1.0 and 1e0 are 1, and -0 is 0. */
function isExact(number: string): boolean {
  const value = Number(number);
  return Number.isFinite(value) && normal(number) === normal(String(value));
}

/** A decimal as its sign, significant digits and exponent. */
function normal(number: string): string {
  const [mantissa = '', exponent = '0'] = number.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const power = Number(exponent) - fraction.length + digits.length - significant.length;
  return `${number.startsWith('-') ? '-' : ''}${significant}e${power}`;
}
