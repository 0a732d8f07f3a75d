import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeholdersIn, render } from '../../../../src/lib/campaigns/plan/placeholders.ts';

const name = fc.stringMatching(/^[a-z_][a-z0-9_.-]{0,5}( [a-z]{1,3})?$/);
const plain = fc.string({ unit: 'grapheme', maxLength: 10 }).map((text) => text.replace(/[{}]/g, ''));
/** Anything that people put into a column, including braces, dollar signs and other placeholders. */
const cell = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom('$&', '$1', "$'", '{{', '}}', '{{name}}', '__proto__'),
);

/** A text as its parts: plain text and placeholders in turn. */
const parts = fc.array(fc.record({ plain, name, blanks: fc.constantFrom('', ' ', '  ') }), { maxLength: 6 });
type Parts = typeof parts extends fc.Arbitrary<infer T> ? T : never;
const written = (all: Parts) =>
  all.map((one) => `${one.plain}{{${one.blanks}${one.name}${one.blanks}}}`).join('');
const namesOf = (all: Parts) => all.map((one) => one.name);

const columns = fc.dictionary(name, cell);
const withColumns = (all: Parts, some: Record<string, string>) =>
  Object.fromEntries([...Object.entries(some), ...namesOf(all).map((one) => [one, some[one] ?? `<${one}>`])]);

describe('any text with placeholders', () => {
  it('names them, sorted and without repeats', () => {
    fc.assert(
      fc.property(parts, (all) => {
        expect(placeholdersIn(written(all))).toEqual([...new Set(namesOf(all))].sort());
      }),
    );
  });

  it('is rendered part by part, with each value unchanged', () => {
    fc.assert(
      fc.property(parts, columns, (all, some) => {
        const given = withColumns(all, some);
        const expected = all.map((one) => `${one.plain}${given[one.name]}`).join('');
        expect(render(written(all), given)).toBe(expected);
      }),
    );
  });
});

describe('any JSON value', () => {
  const json = fc.jsonValue({ maxDepth: 5 });
  const readBack = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

  it('stays as it is without placeholders', () => {
    const safe = json.filter((value) => placeholdersIn(value).length === 0);
    fc.assert(
      fc.property(safe, columns, (value, some) => {
        expect(render(value, some)).toEqual(value);
      }),
    );
  });

  it('keeps its shape when it is rendered, however deep the texts are', () => {
    const { tree } = fc.letrec<{ tree: unknown; text: string }>((tie) => ({
      text: parts.map(written),
      tree: fc.oneof(
        { maxDepth: 4 },
        tie('text'),
        fc.constantFrom(null, 1, true),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(fc.oneof(name, fc.constant('__proto__')), tie('tree'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(tree, columns, (value, some) => {
        const rendered: unknown = JSON.parse(JSON.stringify(value), (_, part: unknown) =>
          typeof part === 'string' ? render(part, some) : part,
        );
        expect(readBack(render(value, some))).toEqual(rendered);
      }),
    );
  });
});
