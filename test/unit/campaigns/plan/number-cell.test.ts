import { describe, expect, it } from 'vitest';
import { readNumberCell } from '../../../../src/lib/campaigns/plan/number-cell.ts';

const NUMBER = '254717746565';

describe('the number in a cell', () => {
  it.each<[string, string]>([
    ['digits', NUMBER],
    ['a plus and blanks', '+254 717 746 565'],
    ['no-break spaces', `\u00a0${NUMBER}\u00a0`],
    ['narrow no-break spaces', '254\u202f717\u202f746\u202f565'],
    ['figure spaces', '254\u2007717\u2007746565'],
    ['zero-width spaces', `\u200b254717\u200b746565`],
    ['a byte order mark', `\ufeff${NUMBER}`],
    ['direction marks', `\u200e${NUMBER}\u200f`],
    ['an embedding, as from the contacts of Windows', `\u202a+${NUMBER}\u202c`],
    ['isolates', `\u2066${NUMBER}\u2069`],
    ['soft hyphens', '254\u00ad717\u00ad746565'],
    ['word joiners', `${NUMBER}\u2060`],
    ['a tab', `\t${NUMBER}`],
    ['an apostrophe', `'${NUMBER}`],
    ['an apostrophe behind an invisible character', `\u200e'+${NUMBER}`],
    ['a curly apostrophe', `\u2019${NUMBER}`],
    ['a formula that is a text', `="${NUMBER}"`],
    ['a formula with a plus', `="+254 717 746 565"`],
    ['a dash that does not break', '254\u2011717746565'],
  ])('is read with %s', (_, cell) => {
    expect(readNumberCell(cell)).toEqual({ number: NUMBER });
  });

  it.each<[string, string]>([
    ...[
      '2.547E+11',
      '2,547E+11',
      '2.54717746565e11',
      '2.5E+11',
      ' 2.547E+11\u00a0',
      "'2.547E+11",
      '2.547 E+11',
    ].map((cell): [string, string] => [cell, 'scientific notation: the spreadsheet has rounded it']),
    ...['', ' ', '\u200b', "'", '=""'].map((cell): [string, string] => [cell, 'is empty']),
    ...['#N/A', '#REF!', '########'].map((cell): [string, string] => [cell, "spreadsheet's error"]),
    ...[`${NUMBER}.0`, `${NUMBER},00`].map((cell): [string, string] => [cell, 'decimal number']),
    ...['0717746565', '12', 'Asha', '=A1', `${NUMBER}x`, '\u0000254717746565'].map(
      (cell): [string, string] => [cell, 'is not a valid phone number'],
    ),
  ])('is refused with its cause: %j %s', (cell, cause) => {
    expect(readNumberCell(cell)).toEqual({ fault: expect.stringContaining(cause) });
  });

  it('is judged in a time that does not explode', () => {
    const begin = performance.now();
    for (const cell of [
      '1'.repeat(32_000),
      '1 '.repeat(16_000),
      '\u200b'.repeat(10_000),
      `="${'"'.repeat(30_000)}`,
    ]) {
      expect(readNumberCell(cell)).toHaveProperty('fault');
    }
    expect(performance.now() - begin).toBeLessThan(2_000);
  });
});
