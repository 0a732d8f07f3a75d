import { describe, expect, it } from 'vitest';
import { fingerprint } from '../../../src/lib/messages/message.ts';
import type { AppError, FieldError } from '../../../src/lib/platform/errors.ts';
import { parseFlow } from '../../../src/lib/sending/contract.ts';

const LIMIT = 16 * 1024;

const withData = (json: string) =>
  JSON.parse(
    `{"messageId":"m","to":"254717746565","from":"254110090747","text":"t","flowId":"f","flowCta":"c","screen":"s","data":${json}}`,
  ) as unknown;

const dataOf = (json: string) => parseFlow(withData(json), undefined).data;

function faultsOf(json: string): readonly FieldError[] {
  try {
    parseFlow(withData(json), undefined);
  } catch (error) {
    return (error as AppError).errors ?? [];
  }
  return [];
}

const nested = (levels: number, [open, close]: readonly [string, string]) =>
  `${open.repeat(levels)}${close.repeat(levels)}`;

/** An object whose JSON has exactly this many bytes. */
const ofBytes = (bytes: number, filler = 'x') => {
  const room = bytes - Buffer.byteLength('{"a":""}');
  const text = filler.repeat(Math.floor(room / Buffer.byteLength(filler)));
  return `{"a":"${text}${'y'.repeat(room - Buffer.byteLength(text))}"}`;
};

describe('data', () => {
  it('is an empty object by default', () => {
    const { data: _, ...rest } = withData('{}') as Record<string, unknown>;
    expect(parseFlow(rest, undefined).data).toEqual({});
  });

  it('accepts any JSON values under any keys', () => {
    const json = '{"":"","list":[1,[null]],"👋":{"true":true},"constructor":1,"toString":"x","n":-1.5e-7}';
    expect(JSON.stringify(dataOf(json))).toBe(JSON.stringify(JSON.parse(json)));
  });

  it('keeps a __proto__ key as a key', () => {
    const json = '{"__proto__":{"admin":true},"in":{"__proto__":1}}';
    expect(JSON.stringify(dataOf(json))).toBe(json);
    expect((dataOf(json) as { admin?: unknown }).admin).toBeUndefined();
  });

  it.each([
    ['a list', '[]'],
    ['text', '"{}"'],
    ['null', 'null'],
    ['a number', '1'],
  ])('must be an object, not %s', (_, json) => {
    expect(faultsOf(json)).toEqual([{ path: 'data', message: 'must be an object' }]);
  });
});

describe('the size of data', () => {
  it('may be 16 KiB as JSON and not a byte more', () => {
    expect(faultsOf(ofBytes(LIMIT))).toEqual([]);
    const message = expect.stringContaining('16 KiB');
    expect(faultsOf(ofBytes(LIMIT + 1))).toEqual([{ path: 'data', message }]);
  });

  it('is counted in bytes, not in characters', () => {
    expect(faultsOf(ofBytes(LIMIT, 'é'))).toEqual([]);
    expect(faultsOf(ofBytes(LIMIT + 2, '👋'))).toHaveLength(1);
  });

  it('does not count the spaces between values', () => {
    expect(faultsOf(`{${' '.repeat(LIMIT)}"a":1}`)).toEqual([]);
  });
});

describe('the depth of data', () => {
  it('may be a hundred levels and no more', () => {
    const inObject = (levels: number) => `{"a":${nested(levels - 1, ['[', ']'])}}`;
    expect(faultsOf(inObject(100))).toEqual([]);
    expect(faultsOf(inObject(101))).toHaveLength(1);
  });

  it('is refused without an error when it is thousands of levels', () => {
    expect(faultsOf(`{"a":${nested(5_000, ['[', ']'])}}`)).toHaveLength(1);
    const objects = `${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}`;
    expect(faultsOf(objects)).toHaveLength(1);
  });
});

describe('a number in data', () => {
  it.each(['9007199254740991', '-9007199254740991', '0', '-0', '1.5', '0.1', '5e-324', '1e15', '123.456e3'])(
    'may be %s',
    (number) => {
      expect(faultsOf(`{"n":${number}}`)).toEqual([]);
    },
  );

  it.each([
    '9007199254740993',
    '-9007199254740993',
    '12345678901234567890',
    '1e21',
    '254717746565254717746565',
  ])('is refused when JSON readers round it: %s', (number) => {
    expect(faultsOf(`{"n":${number}}`)).toMatchObject([{ path: 'data' }]);
    expect(faultsOf(`{"deep":{"list":[1,${number}]}}`)).toMatchObject([{ path: 'data' }]);
  });

  it.each(['1e400', '-1e400'])('is refused when it cannot be represented: %s', (number) => {
    expect(faultsOf(`{"n":${number}}`)).toMatchObject([{ path: 'data' }]);
  });
});

describe('numbers that cannot be sent', () => {
  it('are all named by their places, up to ten', () => {
    const message = (places: string) =>
      `contains a number that JSON parsers round: send it as a string (${places})`;
    expect(faultsOf('{"a":1e400,"b":{"c":[1,9007199254740993]}}')).toEqual([
      { path: 'data', message: message('a, b.c.1') },
    ]);
    const many = `{"n":[${Array(50).fill('1e400').join(',')}]}`;
    expect(faultsOf(many)[0]?.message).toBe(
      message(Array.from({ length: 10 }, (_, n) => `n.${n}`).join(', ')),
    );
    expect(faultsOf(`{"${'k'.repeat(9_000)}":1e400}`)[0]?.message.length).toBeLessThan(400);
  });
});

describe('data that JSON allows and other systems do not', () => {
  it.each(['{"n":1e400}', '{"a":"x\\ud83d"}', '{"x\\udc4b":1}', '{"__proto__":1}', '{"toJSON":"x"}'])(
    'is either refused or can be sent, and never causes an internal error: %s',
    (json) => {
      const taken = faultsOf(json).length === 0;
      const use = () => taken && fingerprint(parseFlow(withData(json), undefined));
      expect(use).not.toThrow();
    },
  );
});
