import { describe, expect, it } from 'vitest';
import { placeholdersIn, render } from '../../../../src/lib/campaigns/plan/placeholders.ts';

describe('the placeholders of a message', () => {
  it('are found in every string of it, sorted and once', () => {
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
  ])('are, in %j, %j', (text, names) => {
    expect(placeholdersIn(text)).toEqual(names);
  });

  it.each([
    ['{{name|upper}}', ['name|upper']],
    ['{{}}', ['']],
    ['{{ name! }}', ['name!']],
  ])('are, in %j, such as no column has, rather than none', (text, names) => {
    expect(placeholdersIn(text)).toEqual(names);
  });

  it.each(['', 'name', '{name}', '{{name}', '{name}}', '{ {name} }', '}}{{'])('are none in %j', (text) => {
    expect(placeholdersIn(text)).toEqual([]);
  });

  it('are not looked for in keys', () => {
    expect(placeholdersIn({ '{{name}}': 'x' })).toEqual([]);
  });
});

describe('a rendered message', () => {
  it('has the recipient’s columns in all its strings, and the rest as it was', () => {
    const message = {
      text: 'Habari {{name}}, {{ order }}!',
      data: { '{{name}}': ['{{name}}', { n: 1, none: null, yes: true }], empty: {} },
    };
    expect(render(message, { name: 'Asha', order: 'A-1' })).toEqual({
      text: 'Habari Asha, A-1!',
      data: { '{{name}}': ['Asha', { n: 1, none: null, yes: true }], empty: {} },
    });
  });

  it('has a string where a placeholder stands alone, whatever the column looks like', () => {
    expect(render({ total: '{{total}}' }, { total: '1500' })).toEqual({ total: '1500' });
  });

  it.each(['$&', '$1', '$$', "$'", '{{name}}', '{{other}}', '\\', '\u0000', '{{', ''])(
    'has the value %j as it is',
    (name) => {
      expect(render('a {{name}} b', { name, other: 'never' })).toBe(`a ${name} b`);
    },
  );

  it('has a value beside braces, but makes no new placeholder with them', () => {
    expect(render('{{{a}}}{{b}}', { a: '{b}', b: '2' })).toBe('{{b}}2');
  });

  it('has nothing where there is no such column, inherited ones included', () => {
    expect(render('[{{none}}{{toString}}{{__proto__}}]', { name: 'Asha' })).toBe('[]');
  });

  it('keeps a key and takes a column called __proto__', () => {
    const message: unknown = JSON.parse('{"__proto__":{"text":"{{__proto__}}"}}');
    const columns = JSON.parse('{"__proto__":"Asha"}') as Record<string, string>;
    expect(JSON.stringify(render(message, columns))).toBe('{"__proto__":{"text":"Asha"}}');
  });

  it('leaves the message that it was made from alone', () => {
    const message = { text: '{{name}}', data: ['{{name}}'] };
    render(message, { name: 'Asha' });
    expect(message).toEqual({ text: '{{name}}', data: ['{{name}}'] });
  });
});
