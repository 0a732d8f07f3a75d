import { describe, expect, it } from 'vitest';
import { rowsOf } from '../../../support/recipients.ts';

const header = (...columns: string[]) => ({ kind: 'header', columns });
const row = (line: number, columns: Record<string, string>) => ({ kind: 'row', line, columns });
const bad = (line: number, reason: string) => ({ kind: 'bad', line, reason });

describe('recipients in JSON Lines', () => {
  it.each([
    ['line feeds', '{"to":"1","name":"a"}\n{"to":"2","name":"b"}\n'],
    ['no line break at the end', '{"to":"1","name":"a"}\n{"to":"2","name":"b"}'],
    ['carriage returns and line feeds', '{"to":"1","name":"a"}\r\n{"to":"2","name":"b"}\r\n'],
    ['a byte order mark', '\ufeff{"to":"1","name":"a"}\n{"to":"2","name":"b"}\n'],
    ['blanks', '  {"to": "1", "name": "a"}\n\t{ "to" : "2", "name" : "b" } \n'],
  ])('are read with %s', async (_, file) => {
    expect(await rowsOf('jsonl', file)).toEqual([
      header('to', 'name'),
      row(1, { to: '1', name: 'a' }),
      row(2, { to: '2', name: 'b' }),
    ]);
  });

  it('get numbers, booleans and nulls as text', async () => {
    const [, only] = await rowsOf(
      'jsonl',
      '{"to":254717746565,"total":12.5,"vip":true,"name":null,"note":""}\n',
    );
    expect(only).toEqual(row(1, { to: '254717746565', total: '12.5', vip: 'true', name: '', note: '' }));
  });

  it('keep a phone number in scientific notation as it is written, so that it is refused', async () => {
    for (const to of ['2.547E+11', '2.54717746565e11', '2e11']) {
      expect(await rowsOf('jsonl', `{"total": 1e3, "to" : ${to}}\n`)).toEqual([
        header('total', 'to'),
        row(1, { total: '1000', to }),
      ]);
    }
    const note = 'see "to": 1e5';
    const quoted = JSON.stringify({ note, to: 254717746565 });
    expect((await rowsOf('jsonl', quoted)).at(-1)).toEqual(row(1, { note, to: '254717746565' }));
  });

  it('keep quotes, line breaks and other scripts in their strings', async () => {
    const name = 'say "hi",\r\n Ámárá 😀 \u2028';
    expect((await rowsOf('jsonl', `${JSON.stringify({ name })}\n{"name":"b"}`)).slice(1)).toEqual([
      row(1, { name }),
      row(2, { name: 'b' }),
    ]);
  });

  it('get their header from the first readable row, and each row keeps its own columns', async () => {
    expect(await rowsOf('jsonl', '\nnonsense\n\n{"to":"1"}\n{"to":"2","name":"b"}\n{}\n')).toEqual([
      bad(2, 'is not JSON'),
      header('to'),
      row(4, { to: '1' }),
      row(5, { to: '2', name: 'b' }),
      row(6, {}),
    ]);
  });

  it('may have a column with any name', async () => {
    const [, only] = await rowsOf('jsonl', '{"__proto__":"1","constructor":"2"}\n');
    expect(only?.kind === 'row' && Object.entries(only.columns)).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ]);
  });

  it.each([
    ['an empty file', ''],
    ['blank lines', '\n \r\n'],
  ])('are none, with no columns, in %s', async (_, file) => {
    expect(await rowsOf('jsonl', file)).toEqual([header()]);
  });
});

describe('a bad line', () => {
  const value = 'column to has a value that is not a string, number, boolean or null';

  it.each([
    ['no JSON', '{"to":254717746565', 'is not JSON'],
    ['two objects', '{"to":"1"}{"to":"2"}', 'is not JSON'],
    ['a list', '["254717746565"]', 'is not a JSON object'],
    ['a text', '"254717746565"', 'is not a JSON object'],
    ['null', 'null', 'is not a JSON object'],
    ['an object with a list', '{"to":["254717746565"]}', value],
    ['an object in an object', '{"to":{"number":"254717746565"}}', value],
    ['deeply nested', `${'['.repeat(16_000)}${']'.repeat(16_000)}`, 'is not a JSON object'],
    ['over 32 KiB', `{"to":"${'1'.repeat(33_000)}"}`, 'is longer than 32 KiB'],
    [
      'an object with a number that JSON.parse rounds',
      '{"to":25471774656525471774}',
      'column to has a number that is too long to be exact: write it as a string',
    ],
    [
      'an object with a decimal that JSON.parse rounds',
      '{"to":"1","rate":0.12345678901234567890}',
      'column rate has a number that is too long to be exact: write it as a string',
    ],
    ['one with an open quote', '{"to":"254717746565}', 'is not JSON'],
  ])('that is %s is reported, and all other lines are read', async (_, line, reason) => {
    const rows = await rowsOf('jsonl', `{"to":"2"}\n${line}\n{"to":"3"}\n`);
    expect(rows).toEqual([header('to'), row(1, { to: '2' }), bad(2, reason), row(3, { to: '3' })]);
    expect(reason).not.toContain('2547');
  });

  it('that is not UTF-8 is reported, and all other lines are read', async () => {
    const latin = Buffer.from('{"to":"Am\u00e9lie"}\n{"to":"3"}\n', 'latin1');
    expect(await rowsOf('jsonl', latin)).toEqual([bad(1, 'is not UTF-8'), header('to'), row(2, { to: '3' })]);
  });
});
