import { describe, expect, it } from 'vitest';
import {
  bodyFaults,
  labelFaults,
  lineFaults,
  parameterFaults,
} from '../../../src/lib/whatsapp/text-rules.ts';

type Rule = (text: string) => string[];
const EVERYWHERE: readonly [string, Rule][] = [
  ['a line', lineFaults],
  ['a label', labelFaults],
  ['a body', bodyFaults],
  ['a template parameter', parameterFaults],
];

const named = (texts: readonly string[]) => texts.map((text) => [escaped(text), text] as const);
const escaped = (text: string) =>
  text.replace(/[^\x21-\x7e]/gu, (one) => `{${one.codePointAt(0)?.toString(16)}}`);

const PLAIN = [
  ...[
    'Share Details!',
    '100% #1 *',
    '0123456789',
    'Pata © 2026',
    'Brand®',
    'Name™',
    'Endelea → 2',
    '✓ Sawa',
    '★',
  ],
  ...['Ñandú é', 'e\u0301te\u0301', '提交', '제출', 'ส่ง', '𝒳'],
  // Joiners and marks that Persian, Hindi, Sinhala, Malayalam, Arabic and Hebrew need.
  ...[
    'می\u200cخواهم',
    'क्\u200dष',
    'ක්\u200dෂ',
    'ന്\u200d',
    'ه\u200d.ق',
    '\u200fשלום\u200f',
    '\u061cمرحبا',
    'a\u200eb',
  ],
];

const EMOJI = [
  ...['Go 👋', '👋🏽', '🏽', '🇰🇪', '🇰', '1️⃣', '1⃣', '#️⃣', '❤️', '❤', '☎', '©️', '™️', 'a\ufe0f'],
  ...['👨‍👩‍👧', '🏴󠁧󠁢󠁳󠁣󠁴󠁿', 'Open\u200d', 'a\u200db', '🫩', 'a\u{e0067}\u{e007f}', '🀄'],
];

const CONTROLS = [
  ...['a\0', '\u0001a', 'a\u0007b', 'a\bb', 'a\vb', 'a\fb', 'a\u001b[31m', 'a\u007f', 'a\u0085b', 'a\u009f'],
  ...['a\tb', 'a\rb', 'a\u2028b', 'a\u2029b'],
];

const BIDI = ['\u202a', '\u202b', '\u202c', '\u202d', '\u202e', '\u2066', '\u2067', '\u2068', '\u2069'].map(
  (one) => `a${one}b`,
);

const UNSEEN = [
  ...[
    ' ',
    '    ',
    '\u00a0',
    '\u1680',
    '\u2003',
    '\u202f',
    '\u3000',
    '\u200b',
    '\u200c',
    '\u2060',
    '\ufeff',
    '\u00ad',
  ],
  ...[
    '\u034f',
    '\u061c',
    '\u115f',
    '\u1160',
    '\u17b4',
    '\u180e',
    '\u200e\u200f',
    '\u2063',
    '\u3164',
    '\uffa0',
  ],
  ...['\u2800', '\ufe0e', '\u{e0100}', ' \u200b\u2800\u3164 ', '\u{1d173}'],
];

describe.each(EVERYWHERE)('%s', (_where, faultsOf) => {
  it.each(named(PLAIN))('may be %s', (_, text) => {
    expect(faultsOf(text)).toEqual([]);
  });

  it.each(named(CONTROLS))('may hold no control character: %s', (_, text) => {
    expect(faultsOf(text)).toEqual([expect.stringMatching(/control characters.*: U\+[0-9A-F]{4} is one/)]);
  });

  it.each(named(BIDI))('may not reorder the text around it: %s', (_, text) => {
    const name = text.charCodeAt(1).toString(16).toUpperCase();
    expect(faultsOf(text)).toEqual([expect.stringMatching(new RegExp(`bidirectional.*U\\+${name} is one`))]);
  });

  it.each(named(UNSEEN))('may not be invisible: %s', (_, text) => {
    expect(faultsOf(text)).toContainEqual(expect.stringContaining('must contain a visible character'));
    expect(faultsOf(`${text}a`.replace(/ {5,}/, ' '))).toEqual([]);
  });

  it('names all its faults at once', () => {
    expect(faultsOf('\0\u202e')).toHaveLength(3);
  });
});

describe('a line feed', () => {
  it.each(['a\nb', '\n\na', 'a\r\nb'])('is only for a body: %j', (text) => {
    expect(bodyFaults(text)).toEqual([]);
    for (const faultsOf of [lineFaults, labelFaults, parameterFaults]) {
      expect(faultsOf(text)).toEqual([expect.stringContaining('must not contain line breaks')]);
    }
  });

  it('alone is no body', () => {
    expect(bodyFaults('\n')).toHaveLength(1);
  });
});

describe('emoji', () => {
  it.each(named(EMOJI))('are refused in a label: %s', (_, text) => {
    expect(labelFaults(text)).toContainEqual(expect.stringMatching(/^must not contain emoji: U\+/));
  });

  it.each(named(['Habari 👋🏽', '👨‍👩‍👧', '1️⃣', '🏴󠁧󠁢󠁳󠁣󠁴󠁿', '©️']))('are text elsewhere: %s', (_, text) => {
    for (const faultsOf of [lineFaults, bodyFaults, parameterFaults]) expect(faultsOf(text)).toEqual([]);
  });
});

describe('blanks in a row', () => {
  const BLANKS = ['     ', '\u00a0\u00a0\u00a0\u00a0\u00a0', '  \u3000  '];

  it.each(named(BLANKS))('are at most four in a template parameter: %s', (_, blanks) => {
    expect(parameterFaults(`a${blanks}b`)).toEqual([expect.stringContaining('four blanks')]);
    expect(parameterFaults(`a${blanks.slice(1)}b`)).toEqual([]);
    for (const faultsOf of [lineFaults, labelFaults, bodyFaults]) expect(faultsOf(`a${blanks}b`)).toEqual([]);
  });
});
