import { describe, expect, it } from 'vitest';
import { placeholdersIn, render } from '../../../../src/lib/campaigns/plan/placeholders.ts';

describe('the placeholders of a message', () => {
  it('are found in every string of it, sorted and without repeats', () => {
    const message = {
      text: 'Habari {{name}}, {{ order }}',
      data: { items: [{ label: '{{name}} {{branch.name}}' }, null, 3, true], total: '{{total-kes}}' },
      template: { name: 'reminder', placeholders: ['{{first_name}}'] },
    };
    expect(placeholdersIn(message)).toEqual(['branch.name', 'first_name', 'name', 'order', 'total-kes']);
  });

  it.each([
    ['{{name}}', ['name']],
    ['{{  name\t}}', ['name']],
    ['{{first name}}', ['first name']],
    ['{{jina_la_kwanza}}{{2}}', ['2', 'jina_la_kwanza']],
    ['{{prénom}}', ['prénom']],
    ['{{{name}}}', ['name']],
    ['{{a{{name}}', ['name']],
    ['{{__proto__}}', ['__proto__']],
  ])('in %j are %j', (text, names) => {
    expect(placeholdersIn(text)).toEqual(names);
  });

  it.each([
    ['{{name|upper}}', ['name|upper']],
    ['{{}}', ['']],
    ['{{ name! }}', ['name!']],
  ])('in %j are reported as missing columns instead of being ignored', (text, names) => {
    expect(placeholdersIn(text)).toEqual(names);
  });

  it.each(['', 'name', '{name}', '{{name}', '{name}}', '{ {name} }', '}}{{'])(
    'are not found in %j',
    (text) => {
      expect(placeholdersIn(text)).toEqual([]);
    },
  );

  it('are not searched for in keys', () => {
    expect(placeholdersIn({ '{{name}}': 'x' })).toEqual([]);
  });
});

describe('a rendered message', () => {
  it("has the recipient's columns in all its strings, and is otherwise unchanged", () => {
    const message = {
      text: 'Habari {{name}}, {{ order }}!',
      data: { '{{name}}': ['{{name}}', { n: 1, none: null, yes: true }], empty: {} },
    };
    expect(render(message, { name: 'Asha', order: 'A-1' })).toEqual({
      text: 'Habari Asha, A-1!',
      data: { '{{name}}': ['Asha', { n: 1, none: null, yes: true }], empty: {} },
    });
  });

  it('has a string where a placeholder stands alone, even for a column that looks like a number', () => {
    expect(render({ total: '{{total}}' }, { total: '1500' })).toEqual({ total: '1500' });
  });

  it.each(['$&', '$1', '$$', "$'", '{{name}}', '{{other}}', '\\', '\u0000', '{{', ''])(
    'contains the value %j literally',
    (name) => {
      expect(render('a {{name}} b', { name, other: 'never' })).toBe(`a ${name} b`);
    },
  );

  it('keeps braces around a value, and never reads them as a new placeholder', () => {
    expect(render('{{{a}}}{{b}}', { a: '{b}', b: '2' })).toBe('{{b}}2');
  });

  it('has nothing in place of a column that does not exist, inherited names included', () => {
    expect(render('[{{none}}{{toString}}{{__proto__}}]', { name: 'Asha' })).toBe('[]');
  });

  it('keeps a key called __proto__ and accepts a column called __proto__', () => {
    const message: unknown = JSON.parse('{"__proto__":{"text":"{{__proto__}}"}}');
    const columns = JSON.parse('{"__proto__":"Asha"}') as Record<string, string>;
    expect(JSON.stringify(render(message, columns))).toBe('{"__proto__":{"text":"Asha"}}');
  });

  it('leaves its template unchanged', () => {
    const message = { text: '{{name}}', data: ['{{name}}'] };
    render(message, { name: 'Asha' });
    expect(message).toEqual({ text: '{{name}}', data: ['{{name}}'] });
  });

  it('make no more of a row than a refusal needs, however many there are', () => {
    const columns = { a: 'x'.repeat(32 * 1024) };
    const data = Object.fromEntries(['b', 'c'].map((key) => [key, '{{a}}'.repeat(1_500)]));
    const rendered = JSON.stringify(render(data, columns));
    expect(rendered.length).toBeGreaterThan(100_000);
    expect(rendered.length).toBeLessThan(200_000);
    const most = Array.from({ length: 50 }, () => '{{b}}');
    expect(render(most, { b: '🦊'.repeat(1_024) }).join('')).toBe('🦊'.repeat(50 * 1_024));
  });
});
