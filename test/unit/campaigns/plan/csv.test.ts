import { describe, expect, it } from 'vitest';
import { RecipientsFault } from '../../../../src/lib/campaigns/plan/recipient.ts';
import { rowsOf } from '../../../support/recipients.ts';

const header = (...columns: string[]) => ({ kind: 'header', columns });
const row = (line: number, to: string, name: string) => ({ kind: 'row', line, columns: { to, name } });
const bad = (line: number, reason: string) => ({ kind: 'bad', line, reason });

const TWO = [header('to', 'name'), row(2, '254717746565', 'Asha'), row(3, '254717746566', 'Juma')];

describe('recipients in CSV', () => {
  it.each([
    ['line feeds', 'to,name\n254717746565,Asha\n254717746566,Juma\n'],
    ['no line break at the end', 'to,name\n254717746565,Asha\n254717746566,Juma'],
    ['carriage returns and line feeds', 'to,name\r\n254717746565,Asha\r\n254717746566,Juma\r\n'],
    ['carriage returns', 'to,name\r254717746565,Asha\r254717746566,Juma\r'],
    ['several kinds of line breaks', 'to,name\r\n254717746565,Asha\r254717746566,Juma\n'],
    ['a byte order mark', '\ufeffto,name\n254717746565,Asha\n254717746566,Juma\n'],
    ['quotes', '"to","name"\n"254717746565","Asha"\n254717746566,"Juma"\n'],
    ['semicolons', 'to;name\n254717746565;Asha\n254717746566;Juma\n'],
    ['tabs', 'to\tname\n254717746565\tAsha\n254717746566\tJuma\n'],
    ['bars', 'to|name\n254717746565|Asha\n254717746566|Juma\n'],
    ['columns without a name that are empty', 'to,name,,\n254717746565,Asha,,\n254717746566,Juma\n'],
    ['more delimiters than the header', 'to,name\n254717746565,Asha,,\n254717746566,Juma, ,\u00a0\n'],
    ['rows of empty cells', 'to,name\n254717746565,Asha\n254717746566,Juma\n,\n ,\u200b\n"",""\n'],
    [
      'invisible characters around the names of columns',
      '\u200eto\u200b,\u00a0name\u202c\n254717746565,Asha\n254717746566,Juma\n',
    ],
    [
      'UTF-16, little-endian',
      Buffer.from('\ufeffto\tname\r\n254717746565\tAsha\r\n254717746566\tJuma', 'utf16le'),
    ],
    [
      'UTF-16, big-endian',
      Buffer.from('\ufeffto\tname\r\n254717746565\tAsha\r\n254717746566\tJuma', 'utf16le').swap16(),
    ],
    [
      'blanks around the names of columns',
      ' to , "name "\n254717746565,Asha\n254717746566,Juma\n'.replace(' "', '"'),
    ],
  ])('are read with %s', async (_, file) => {
    expect(await rowsOf('csv', file)).toEqual(TWO);
  });

  it.each([
    ['sep=;', ';'],
    ['sep=,', ','],
    ['sep=\t', '\t'],
    ['sep=|', '|'],
    ['"sep=;"', ';'],
    ['SEP=;', ';'],
    ['sep=;;;', ';'],
    ['"sep=;",,', ';'],
    ['\ufeffsep=;', ';'],
  ])('are read behind a line %j, which gives the delimiter', async (line, delimiter) => {
    for (const lineBreak of ['\n', '\r\n']) {
      const lines = [line, `to${delimiter}"first,last;|\tname"`, `1${delimiter}"a${delimiter}b"`];
      expect(await rowsOf('csv', lines.join(lineBreak))).toEqual([
        header('to', 'first,last;|\tname'),
        { kind: 'row', line: 3, columns: { to: '1', 'first,last;|\tname': `a${delimiter}b` } },
      ]);
    }
  });

  it('are no line sep= behind the header', async () => {
    expect(await rowsOf('csv', 'to,name\nsep=;,a\n')).toEqual([header('to', 'name'), row(2, 'sep=;', 'a')]);
  });

  it('carry the line where their record starts, counting blank lines and quoted line breaks', async () => {
    const file = '\nto,name\n\n1,"a\nb"\r\n  \r\n2,"c\r\n\rd"\n3,e\n\n';
    expect(await rowsOf('csv', file)).toEqual([
      header('to', 'name'),
      row(4, '1', 'a\nb'),
      row(7, '2', 'c\r\n\rd'),
      row(10, '3', 'e'),
    ]);
  });

  it.each([
    ['a delimiter', '1,"a,b"', 'a,b'],
    ['a doubled quote', '1,"say ""hi"""', 'say "hi"'],
    ['another delimiter', '1,a;b\tc', 'a;b\tc'],
    ['an empty cell in quotes', '1,""', ''],
    ['no text', '1,', ''],
    ['blanks', '1, a ', ' a '],
    ['other scripts and emoji', '1,Ámárá 😀', 'Ámárá 😀'],
    ['__proto__', '1,__proto__', '__proto__'],
  ])('keep a cell with %s as it is', async (_, line, name) => {
    expect(await rowsOf('csv', `to,name\n${line}\n`)).toEqual([header('to', 'name'), row(2, '1', name)]);
  });

  it('may have a column with any name', async () => {
    const [, only] = await rowsOf('csv', 'to,__proto__,constructor\n1,2,3\n');
    expect(only?.kind === 'row' && Object.entries(only.columns)).toEqual([
      ['to', '1'],
      ['__proto__', '2'],
      ['constructor', '3'],
    ]);
  });

  it('may have one column, or be missing', async () => {
    expect(await rowsOf('csv', 'to\n1\n')).toEqual([
      header('to'),
      { kind: 'row', line: 2, columns: { to: '1' } },
    ]);
    expect(await rowsOf('csv', 'to')).toEqual([header('to')]);
  });

  it('are split at the delimiter that occurs most often in the header', async () => {
    const file = '"to, of whom";name;town\n1;a,b;c\n';
    expect(await rowsOf('csv', file)).toEqual([
      header('to, of whom', 'name', 'town'),
      { kind: 'row', line: 2, columns: { 'to, of whom': '1', name: 'a,b', town: 'c' } },
    ]);
  });
});

describe('a bad row', () => {
  const longest = (bytes: number) => `1,${'x'.repeat(bytes - 2)}`;

  it.each([
    ['with too few cells', '1', 'has 1 cells where the header has 2'],
    ['with too many cells', '1,a,b', 'has 3 cells where the header has 2'],
    ['with too few cells before empty ones', '1', 'has 1 cells where the header has 2'],
    ['with a quote in the middle of a cell', '1,a"b', 'a quote is misplaced or not doubled'],
    ['with text behind a quoted cell', '1,"a"b', 'a quote is misplaced or not doubled'],
    ['with a quote behind a quoted cell', '1,"a"b"', 'a quote is misplaced or not doubled'],
    ['with two quotes in the middle of a cell', '1,5"" pipe', 'a quote is misplaced or not doubled'],
    ['with the delimiter and quote of another file', '1,5;"', 'a quote is misplaced or not doubled'],
    ['over 32 KiB', longest(32 * 1024 + 1), 'is longer than 32 KiB'],
    ['over 32 KiB, in quotes and many lines', `1,"${'x\n'.repeat(40_000)}"`, 'is longer than 32 KiB'],
  ])('%s is reported, and all other rows are read', async (_, line, reason) => {
    const lines = line.split('\n').length;
    expect(await rowsOf('csv', `to,name\n2,b\n${line}\n3,"c"\n`)).toEqual([
      header('to', 'name'),
      row(2, '2', 'b'),
      bad(3, reason),
      row(3 + lines, '3', 'c'),
    ]);
  });

  it.each([
    ['at the end', 'to,name,\n1,a,\n2,b,c\n3,d\n', 3],
    ['in the middle', 'to,,name\n1,,a\n2,c,b\n3,,d\n', 2],
  ])('with something in a column without a name %s names the column', async (_, file, column) => {
    const reason = `column ${column} is not empty and has no name in the header: name it or empty it`;
    expect(await rowsOf('csv', file)).toEqual([
      header('to', 'name'),
      row(2, '1', 'a'),
      bad(3, reason),
      row(4, '3', 'd'),
    ]);
  });

  it('that is not UTF-16 is reported, and all other rows are read', async () => {
    const file = Buffer.from('\ufeffto,name\n2,b😀\n1,\ud83d\n3,c\n', 'utf16le');
    for (const bytes of [file, Buffer.from(file).swap16()]) {
      expect(await rowsOf('csv', bytes)).toEqual([
        header('to', 'name'),
        row(2, '2', 'b😀'),
        bad(3, 'is not UTF-8'),
        row(4, '3', 'c'),
      ]);
    }
    const cut = Buffer.concat([file, Buffer.from('4,d', 'utf16le').subarray(0, 5)]);
    expect((await rowsOf('csv', cut)).at(-1)).toEqual(bad(5, 'is not UTF-8'));
  });

  it('that is not UTF-8 is reported, and all other rows are read', async () => {
    const latin = Buffer.from('to,name\n2,b\n1,Am\u00e9lie\n3,c\n', 'latin1');
    expect(await rowsOf('csv', latin)).toEqual([
      header('to', 'name'),
      row(2, '2', 'b'),
      bad(3, 'is not UTF-8'),
      row(4, '3', 'c'),
    ]);
  });

  it('is not a row of exactly 32 KiB', async () => {
    const rows = await rowsOf('csv', `to,name\n${longest(32 * 1024)}\n`);
    expect(rows.at(-1)?.kind).toBe('row');
  });

  it('with a quote that swallows other lines says how far the record reaches', async () => {
    expect(await rowsOf('csv', 'to,name\n1,"a\n2,b\n3,"c"\n4,d\n')).toEqual([
      header('to', 'name'),
      bad(2, 'a quote is misplaced or not doubled; the record extends to line 4'),
      row(5, '4', 'd'),
    ]);
  });

  it('with a quote that is never closed says that the rest was not read', async () => {
    expect(await rowsOf('csv', 'to,name\n1,a\n2,"b\n3,c\n4,d\n')).toEqual([
      header('to', 'name'),
      row(2, '1', 'a'),
      bad(3, 'a quote is not closed; nothing was read from this line on'),
    ]);
  });

  it('is reported once, in the order of the file, among thousands of rows', async () => {
    const lines = Array.from({ length: 3_000 }, (_, n) => (n % 7 === 3 ? `${n},a"` : `${n},a`));
    const rows = await rowsOf('csv', `to,name\n${lines.join('\n')}`);
    expect(rows.slice(1)).toEqual(
      lines.map((_, n) =>
        n % 7 === 3 ? bad(n + 2, 'a quote is misplaced or not doubled') : row(n + 2, String(n), 'a'),
      ),
    );
  });

  it('never shows its cells in the reason', async () => {
    const secret = '254717746565';
    const file = `to,name\n${secret}\n${secret},a,b\n${secret},"a"b\n${secret},"a\n`;
    const reasons = (await rowsOf('csv', file)).filter((one) => one.kind === 'bad');
    expect(reasons).toHaveLength(4);
    expect(JSON.stringify(reasons)).not.toContain(secret);
  });
});

describe('a CSV file that cannot be read', () => {
  const NOT_TEXT =
    'the file is neither UTF-8 nor UTF-16 with a byte order mark: save it as "CSV UTF-8" or "Unicode text"';

  it.each([
    ['is empty', '', 'the file is empty: its first line must name the columns'],
    ['is blank', ' \n\r\n', 'the file is empty: its first line must name the columns'],
    [
      'has a line sep= with another delimiter',
      '\nsep=:\nto:name\n',
      "line 2, sep=, names a separator that can't be read: use a comma, a semicolon, a tab or |",
    ],
    [
      'has a line sep= without a delimiter',
      'sep=\nto,name\n',
      "line 1, sep=, names a separator that can't be read: use a comma, a semicolon, a tab or |",
    ],
    ['has only a line sep=', 'sep=;\n', 'the file is empty: its first line must name the columns'],
    ['has two columns of one name', 'to,name, to\n', 'columns 1 and 3 of the header have the same name'],
    ['has a header without a closing quote', 'to,"name\n1,a\n', 'a quote in the header is not closed'],
    ['has a header with a stray quote', 'to,na"me\n1,a\n', 'a quote in the header is misplaced'],
    ['has an endless header', 'x'.repeat(40_000), 'the header is longer than 32 KiB'],
    ['is UTF-16 without a byte order mark', Buffer.from('to,name\n1,a\n', 'utf16le'), NOT_TEXT],
    ['is UTF-32', Buffer.from('\ufeff\0t\0o\0\n\0', 'utf16le'), NOT_TEXT],
    ['has a header in another encoding', Buffer.from('to,pr\u00e9nom\n1,a\n', 'latin1'), NOT_TEXT],
    [
      'is a workbook',
      Buffer.from('PK\u0003\u0004\u0014\0\u0006\0'),
      'the file is an Excel workbook or a zip archive: save it as CSV',
    ],
  ])('says so when it %s', async (_, file, message) => {
    await expect(rowsOf('csv', file)).rejects.toThrow(new RecipientsFault(message));
  });

  it("is not quoted in the error, because without a header its first line holds a customer's number", async () => {
    await expect(rowsOf('csv', '254717746565,254717746565\n')).rejects.toThrow(
      new RecipientsFault('columns 1 and 2 of the header have the same name'),
    );
  });
});
