import { describe, expect, it } from 'vitest';
import { parseExactJson } from '../../../src/lib/platform/exact-json.ts';

const isRounded = (number: string) => parseExactJson(`{"n":[${number}]}`);

describe('a number in JSON', () => {
  it.each([
    ...[
      '0',
      '-0',
      '0.0',
      '1',
      '1.0',
      '1e3',
      '1E+3',
      '1e-3',
      '100.50',
      '0.1',
      '-1.5e-7',
      '0.30000000000000004',
    ],
    ...[
      '3.141592653589793',
      '5e-324',
      '2.2250738585072014e-308',
      '1.7976931348623157e308',
      '123456789012345',
    ],
    ...['9007199254740992', '100000000000000000000', '1e23', '0e999999', '0.000000000000000000001'],
  ])('stays as JSON.parse reads it when a double holds its decimal text: %s', (number) => {
    expect(isRounded(number)).toEqual({ n: [JSON.parse(number)] });
  });

  it.each([
    ...['0.12345678901234567890', '3.14159265358979323846', '1e-400', '4.9e-324', '1e400', '1.8e308'],
    ...[
      '123456789012345678901',
      '9007199254740993',
      '0.1000000000000000055511151231257827',
      '1.00000000000000000001',
    ],
    ...['12345678901234567e-3', '-0.12345678901234567890'],
  ])('is infinite when a double would change it: %s', (number) => {
    expect(isRounded(number)).toEqual({ n: [Number.POSITIVE_INFINITY] });
  });
});

describe('JSON with numbers that a double would change', () => {
  const ROUNDED = '0.12345678901234567890';

  it('keeps everything else, and what looks like a number in a string', () => {
    const strings = [ROUNDED, `"${ROUNDED}`, `\\"${ROUNDED}\\`, `\n${ROUNDED}`];
    const text = JSON.stringify({ strings, [ROUNDED]: [1, true, null], n: 7 });
    const parsed = parseExactJson(`[${text},${ROUNDED}]`);
    expect(parsed).toEqual([{ strings, [ROUNDED]: [1, true, null], n: 7 }, Number.POSITIVE_INFINITY]);
  });

  it('keeps a __proto__ key as a key', () => {
    expect(JSON.stringify(parseExactJson(`{"__proto__":{"a":1},"n":[${ROUNDED}]}`))).toBe(
      '{"__proto__":{"a":1},"n":[null]}',
    );
  });

  it.each(['', '{', `{"n":0${ROUNDED}}`, `[${ROUNDED}`, `[.${ROUNDED}]`, 'NaN', '1e', '[1e400e400]'])(
    'is refused as by JSON.parse when it is no JSON: %s',
    (text) => {
      expect(() => parseExactJson(text)).toThrow(SyntaxError);
    },
  );

  it('takes time in proportion to its length, with quotes, escapes, depth and numbers of any count', () => {
    const texts = [
      `{"a":"${'\\"'.repeat(120_000)}","n":${ROUNDED}}`,
      `${'['.repeat(100_000)}${ROUNDED}${']'.repeat(100_000)}`,
      `[${Array(12_000).fill(ROUNDED).join(',')}]`,
      `[${'9'.repeat(250_000)}]`,
    ];
    const begin = performance.now();
    for (const text of texts) expect(() => parseExactJson(text)).not.toThrow();
    for (const text of texts) expect(() => parseExactJson(text.slice(0, -1))).toThrow(SyntaxError);
    expect(performance.now() - begin).toBeLessThan(5_000);
  });
});
