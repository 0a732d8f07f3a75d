/** The rule: each field by itself, in any spelling of its name; what is empty is absent. */
import { describe, expect, it } from 'vitest';
import {
  keyIn,
  listIn,
  pick,
  rawOf,
  readerOf,
  recordIn,
  unpacked,
  wordIn,
} from '../../../../src/lib/lipachat/reading/fields.ts';

describe('a field', () => {
  it.each(['messageId', 'message_id', 'MESSAGE_ID', 'MessageId', 'message-id', 'messageID'])(
    'is found under %s',
    (name) => {
      expect(pick({ [name]: 'a' }, 'messageId')).toBe('a');
      expect(pick({ [name]: 'a' }, 'message_id')).toBe('a');
    },
  );

  it.each([undefined, null, '', '  ', [], {}])('is absent if it is %j', (value) => {
    expect(pick({ a: value }, 'a')).toBeUndefined();
    expect(pick({ a_b: value, aB: 'x' }, 'aB')).toBe('x');
  });

  it('is not read from a prototype', () => {
    expect(pick({}, 'constructor')).toBeUndefined();
    expect(pick(JSON.parse('{"__proto__":{"id":"x"}}'), 'id')).toBeUndefined();
  });

  it('that is there and can’t be read is named', () => {
    const reader = readerOf({ a: 1, b: null, c: [], d: 'x' });
    const none = () => undefined;
    expect([reader.take(['a'], none), reader.take(['b'], none), reader.take(['c'], none)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(reader.take(['z', 'd'], String)).toBe('x');
    expect(reader.unread).toEqual(['a']);
  });
});

describe('a value', () => {
  it('may be encoded up to three times', () => {
    let text = JSON.stringify({ a: 1 });
    for (let n = 1; n <= 3; n += 1) {
      expect(unpacked(text)).toEqual({ a: 1 });
      text = JSON.stringify(text);
    }
    expect(unpacked('{"a":')).toBe('{"a":');
    expect(unpacked('7')).toBe('7');
  });

  it('may be an object in a list, and a list as an object', () => {
    expect(recordIn([{ a: 1 }])).toEqual({ a: 1 });
    expect(recordIn([{ a: 1 }, { b: 1 }])).toBeUndefined();
    expect(listIn({ a: 1 })).toEqual([{ a: 1 }]);
    expect(listIn({ 0: 'x', 1: 'y' })).toEqual(['x', 'y']);
    expect([listIn('x'), listIn({}), listIn(null)]).toEqual([[], [], []]);
  });

  it('of any depth has a raw text', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`) as unknown;
    expect(rawOf(deep).length).toBeLessThan(2_000);
    expect(rawOf({ a: [1, null] })).toBe('{"a":[1,null]}');
  });
});

describe('an id', () => {
  it.each<[string, unknown, string | undefined]>([
    ['a text', 'wamid.A==', 'wamid.A=='],
    ['a number', 48_151_623, '48151623'],
    ['a large number', 2 ** 60, '1152921504606846976'],
    ['zero, which stands for none', 0, undefined],
    ['less than zero', -1, undefined],
    ['a fraction', 1.5, undefined],
    ['true', true, undefined],
    ['an object', { a: 1 }, undefined],
    ['blank', ' ', undefined],
    ['as long as a key', 'x'.repeat(512), 'x'.repeat(512)],
  ])('is %s', (_, value, id) => {
    expect(keyIn(value)).toBe(id);
  });

  it.each([['x'.repeat(513)], ['x'.repeat(1_000_000)], ['\ud800']])(
    'that fits no key is its hash, the same each time',
    (text) => {
      expect(keyIn(text)).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(keyIn(text)).toBe(keyIn(`${text}`));
      expect(keyIn(text)).not.toBe(keyIn(`${text}y`));
    },
  );
});

it('a word is compared without case and separators', () => {
  expect([' Button-Reply', 'button reply', 'BUTTON_REPLY'].map(wordIn)).toEqual(
    Array(3).fill('button_reply'),
  );
  expect([7, '', ' ', 'x'.repeat(65), null].map(wordIn)).toEqual(Array(5).fill(undefined));
});
