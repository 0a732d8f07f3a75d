import { describe, expect, expectTypeOf, it } from 'vitest';
import { attributes, itemCodec, prefixed, record } from '../../../src/lib/platform/dynamo-codec.ts';
import {
  as,
  type FieldsOf,
  inline,
  instant,
  json,
  list,
  plain,
  seconds,
  stringSet,
  words,
} from '../../../src/lib/platform/dynamo-fields.ts';

const at = new Date('2026-01-02T03:04:05.678Z');

interface Note {
  readonly at: Date;
  readonly text?: string | undefined;
}

interface Thing {
  readonly id: string;
  readonly colour: 'red' | 'green';
  readonly made: Date;
  readonly kept?: Date | undefined;
  readonly data?: unknown;
  readonly tags: readonly string[];
  readonly note?: Note | undefined;
  readonly notes: readonly Note[];
  readonly span?: { readonly from: Date; readonly to: Date } | undefined;
  readonly count: number;
}

const note = record<Note>({ at: instant, text: plain });

const codec = itemCodec<Thing, 'id'>({
  key: 'id',
  ...prefixed<string>('thing#'),
  fields: {
    colour: words<Thing['colour']>({ red: 'rot' }),
    made: as('madeAt', instant),
    kept: as('expires', seconds),
    data: json,
    tags: stringSet,
    note,
    notes: list(note),
    span: inline<NonNullable<Thing['span']>>({ from: instant, to: as('until', instant) }),
    count: plain,
  },
  derived: { due: ({ kept }) => kept && 'thing' },
});

const full: Thing = {
  id: 'a',
  colour: 'red',
  made: at,
  kept: new Date('2026-01-02T03:04:06.000Z'),
  data: { deep: [1, null] },
  tags: ['x', 'y'],
  note: { at, text: 'words' },
  notes: [{ at }, { at, text: 'more' }],
  span: { from: at, to: at },
  count: 3,
};

describe('a value', () => {
  it('is stored field by field, each in its format and under its name', () => {
    expect(codec.toItem({ ...full, kept: at })).toEqual({
      colour: 'rot',
      madeAt: at.getTime(),
      expires: Math.ceil(at.getTime() / 1000),
      data: '{"deep":[1,null]}',
      tags: new Set(['x', 'y']),
      note: { at: at.getTime(), text: 'words' },
      notes: [{ at: at.getTime() }, { at: at.getTime(), text: 'more' }],
      from: at.getTime(),
      until: at.getTime(),
      count: 3,
      due: 'thing',
    });
  });

  it('is read as it was written', () => {
    expect(codec.fromItem({ ...codec.toItem(full), pk: codec.pkOf('a') })).toEqual(full);
  });

  it('has no attribute for a missing field, and no field for a missing attribute', () => {
    const least: Thing = { id: 'b', colour: 'green', made: at, tags: [], notes: [], count: 0 };
    const item = codec.toItem(least);
    expect(Object.entries(item).filter(([, stored]) => stored !== undefined)).toEqual([
      ['colour', 'green'],
      ['madeAt', at.getTime()],
      ['notes', []],
      ['count', 0],
    ]);
    const back = codec.fromItem({ ...item, pk: 'thing#b' });
    expect(back).toEqual(least);
    expect(Object.keys(back)).not.toContain('span');
  });

  it('has no inlined record with a missing part', () => {
    const { until: _, ...item } = codec.toItem(full);
    expect(codec.fromItem({ ...item, pk: 'thing#a' }).span).toBeUndefined();
  });

  it('does not take a key of JSON for a prototype', () => {
    const data: unknown = JSON.parse('{"__proto__":{"admin":true}}');
    const back = codec.fromItem({ ...codec.toItem({ ...full, data }), pk: 'thing#a' });
    expect(JSON.stringify(back.data)).toBe('{"__proto__":{"admin":true}}');
  });
});

describe('an attribute of a later release', () => {
  const item = { ...codec.toItem(full), pk: 'thing#a', rev: 'r', flavour: ['new'], span: 'another meaning' };

  it('survives when a value is read, changed and written', () => {
    const changed = { ...codec.fromItem(item), count: 4 };
    const { pk: _, rev: __, ...expected } = item;
    expect(codec.toItem(changed)).toEqual({ ...expected, count: 4 });
  });

  it('survives inside a map and inside a list of maps', () => {
    const later = { ...item, note: { at: 1, mood: 'calm' }, notes: [{ at: 2, mood: 'loud' }] };
    const read = codec.fromItem(later);
    const changed = { ...read, note: { ...read.note, at: new Date(3) } };
    expect(codec.toItem(changed)).toMatchObject({
      note: { at: 3, mood: 'calm' },
      notes: [{ at: 2, mood: 'loud' }],
    });
  });

  it('is not a field of the value, whatever its name', () => {
    const value = codec.fromItem(item);
    expect(value.span).toEqual(full.span);
    expect(JSON.stringify(value)).not.toMatch(/new|another|rev/);
  });
});

describe('the type of a codec', () => {
  it('requires every field, including optional ones', () => {
    expectTypeOf<keyof FieldsOf<Thing>>().toEqualTypeOf<keyof Thing>();
    // @ts-expect-error `text` has no codec.
    record<Note>({ at: instant });
    // @ts-expect-error `mood` is no field.
    record<Note>({ at: instant, text: plain, mood: plain });
  });

  it('rejects a Date that is stored as it is, however deeply nested', () => {
    // @ts-expect-error A Date is no attribute.
    record<Note>({ at: plain, text: plain });
    // @ts-expect-error There is a Date in each of them.
    attributes<{ readonly notes: readonly Note[] }>({ fields: { notes: plain } });
  });

  it('rejects text that is stored as an instant', () => {
    // @ts-expect-error `text` is a string.
    record<Note>({ at: instant, text: instant });
  });
});
