import { describe, expect, it } from 'vitest';
import { parsePair } from '../../../src/lib/http/schema.ts';
import type { AppError, FieldError } from '../../../src/lib/platform/errors.ts';
import { defaultFrom, parseFlow, prefersAsync } from '../../../src/lib/sending/contract.ts';

const body = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  messageId: '1a85c604-0f08-4182-8011-407ba84598c5',
  to: '254717746565',
  from: '+254110090747',
  text: 'Thank you',
  flowId: 'flow-1',
  flowCta: 'Share Details!',
  screen: 'FIRST',
  data: { service: '' },
  ...changes,
});

/** The faults for which a body is refused. */
function faultsOf(given: unknown, defaultFrom?: string): readonly FieldError[] {
  try {
    parseFlow(given, defaultFrom);
  } catch (error) {
    expect(error).toMatchObject({ name: 'AppError', code: 'invalid-request' });
    return (error as AppError).errors ?? expect.fail('the refusal names no field');
  }
  return [];
}

const pathsOf = (given: unknown) => faultsOf(given).map(({ path }) => path);

const without = (field: string) =>
  Object.fromEntries(Object.entries(body()).filter(([key]) => key !== field));

describe('a flow', () => {
  it('is read with its numbers as digits and its defaults filled in', () => {
    const { data: _, ...rest } = body();
    expect(parseFlow({ ...rest, to: '+254 (717) 746-565' }, undefined)).toEqual({
      messageId: '1a85c604-0f08-4182-8011-407ba84598c5',
      to: '254717746565',
      from: '254110090747',
      text: 'Thank you',
      flowId: 'flow-1',
      flowCta: 'Share Details!',
      screen: 'FIRST',
      data: {},
      whenClosed: 'reject',
    });
  });

  it('keeps its text as it was written, spaces and line breaks included', () => {
    const text = '  Habari 👋🏽\n\nyako?  ';
    expect(parseFlow(body({ text }), undefined).text).toBe(text);
  });

  it('takes its sender from the settings when it names none', () => {
    expect(parseFlow(without('from'), '+254 110 090 747').from).toBe('254110090747');
    expect(parseFlow(body({ from: '254711111111' }), '+254110090747').from).toBe('254711111111');
  });

  it('needs a sender when the settings have none', () => {
    expect(faultsOf(without('from'))).toEqual([{ path: 'from', message: 'is required' }]);
  });

  it.each(['messageId', 'to', 'text', 'flowId', 'flowCta', 'screen'])('needs %s', (field) => {
    expect(faultsOf(without(field))).toEqual([{ path: field, message: 'is required' }]);
  });

  it.each(['messageId', 'to', 'from', 'text', 'flowId', 'flowCta', 'screen'])(
    'accepts only text for %s',
    (field) => {
      for (const value of [null, 7, true, ['x'], { x: 'x' }]) {
        expect(faultsOf(body({ [field]: value }))).toEqual([{ path: field, message: 'must be a string' }]);
      }
    },
  );

  it('is refused with all its faults at once, and their paths', () => {
    const faulty = { messageId: '', to: '0717', text: 7, flowCta: '👋', data: [], colour: 'red', size: 9 };
    expect(pathsOf(faulty).sort()).toEqual(
      ['colour', 'data', 'flowCta', 'flowId', 'from', 'messageId', 'screen', 'size', 'text', 'to'].sort(),
    );
  });

  it('is refused without quoting the invalid values', () => {
    const canary = 'canary 0722 000 000';
    const faulty = {
      messageId: canary,
      to: canary,
      from: canary,
      flowCta: `${canary}${canary}`,
      data: canary,
    };
    const faults = faultsOf(body({ ...faulty, whenClosed: canary }));
    expect(faults.length).toBeGreaterThanOrEqual(Object.keys(faulty).length);
    expect(JSON.stringify(faults)).not.toContain('canary');
  });

  it('is refused with the name of each field that it should not have', () => {
    const fault = (path: string) => ({ path, message: 'is not a known field' });
    expect(faultsOf(body({ mode: 'draft', 'Text ': 'x' }))).toEqual([fault('mode'), fault('Text ')]);
    expect(faultsOf(JSON.parse(`${JSON.stringify(body()).slice(0, -1)},"__proto__":{"x":1}}`))).toEqual([
      fault('__proto__'),
    ]);
  });

  it.each([
    ['a list', [body()]],
    ['text', 'hi'],
    ['a number', 7],
    ['null', null],
    ['nothing', undefined],
  ])('must be a JSON object, not %s', (_, given) => {
    expect(faultsOf(given)).toMatchObject([{ path: '' }]);
  });
});

describe('a messageId', () => {
  it.each(['x', 'x'.repeat(128), 'AZaz09._:~-', '1a85c604-0f08-4182-8011-407ba84598c5'])(
    'may be %s',
    (messageId) => {
      expect(parseFlow(body({ messageId }), undefined).messageId).toBe(messageId);
    },
  );

  it.each(['', 'x'.repeat(129), 'a b', 'a/b', 'a#b', 'a%20b', 'é', 'x\n', '👋', 'a\u0000'])(
    'may not be %j',
    (messageId) => {
      expect(pathsOf(body({ messageId }))).toEqual(['messageId']);
    },
  );
});

describe('the length', () => {
  const limits: readonly [string, number][] = [
    ['text', 1024],
    ['flowId', 64],
    ['flowCta', 30],
    ['screen', 80],
  ];

  it.each(limits)('of %s is 1 to %i', (field, max) => {
    expect(pathsOf(body({ [field]: 'x' }))).toEqual([]);
    expect(pathsOf(body({ [field]: 'x'.repeat(max) }))).toEqual([]);
    expect(pathsOf(body({ [field]: '' }))).toEqual([field]);
    expect(pathsOf(body({ [field]: 'x'.repeat(max + 1) }))).toEqual([field]);
  });

  it.each(limits)('of %s is counted in characters, where one takes two units as well', (field, max) => {
    const astral = '𝒳';
    expect(astral).toHaveLength(2);
    expect(pathsOf(body({ [field]: astral.repeat(max) }))).toEqual([]);
    expect(pathsOf(body({ [field]: astral.repeat(max + 1) }))).toEqual([field]);
  });

  it.each(limits)('of %s does not count unpaired surrogates, which are refused', (field) => {
    expect(pathsOf(body({ [field]: 'a\ud83d' }))).toEqual([field]);
    expect(pathsOf(body({ [field]: '\udc4bb' }))).toEqual([field]);
  });
});

describe('a flowCta', () => {
  it.each(['Share Details!', 'Pata © 2026', 'Brand®', 'Name™', '100% #1 *', 'Endelea → 2', 'Ñandú é'])(
    'may be %s',
    (flowCta) => {
      expect(pathsOf(body({ flowCta }))).toEqual([]);
    },
  );

  it.each(['Go 👋', '👋🏽', '🇰🇪', 'Press 1️⃣', '❤️', '☎', '👨‍👩‍👧', '🏴󠁧󠁢󠁳󠁣󠁴󠁿'])(
    'may contain no emoji: %s',
    (flowCta) => {
      expect(pathsOf(body({ flowCta }))).toEqual(['flowCta']);
    },
  );
});

const TEMPLATE = { name: 'hello', languageCode: 'en' };
const asking = (template: unknown) => body({ whenClosed: 'template', template });

describe('a flow that may meet a closed window', () => {
  it('is refused in that case by default', () => {
    expect(parseFlow(body(), undefined).whenClosed).toBe('reject');
    expect(parseFlow(body({ whenClosed: 'reject' }), undefined)).not.toHaveProperty('parkForSeconds');
  });

  it('may be parked, for three days by default', () => {
    expect(parseFlow(body({ whenClosed: 'park' }), undefined)).toMatchObject({
      whenClosed: 'park',
      parkForSeconds: 259_200,
    });
    expect(parseFlow(asking(TEMPLATE), undefined)).toMatchObject({
      whenClosed: 'template',
      template: TEMPLATE,
      parkForSeconds: 259_200,
    });
  });

  it.each([60, 61, 2_592_000])('may be parked for %i seconds', (parkForSeconds) => {
    expect(parseFlow(body({ whenClosed: 'park', parkForSeconds }), undefined)).toMatchObject({
      parkForSeconds,
    });
    expect(pathsOf({ ...asking(TEMPLATE), parkForSeconds })).toEqual([]);
  });

  it.each([0, -60, 59, 2_592_001, 60.5, '60', null, true, Number.NaN])(
    'may not be parked for %s seconds',
    (parkForSeconds) => {
      expect(pathsOf(body({ whenClosed: 'park', parkForSeconds }))).toEqual(['parkForSeconds']);
    },
  );

  it.each(['Park', 'PARK', '', 'wait', null, 1, ['park']])(
    'refuses the whenClosed value %j',
    (whenClosed) => {
      expect(pathsOf(body({ whenClosed }))).toEqual(['whenClosed']);
    },
  );

  it('needs a template when it asks for one, and has none otherwise', () => {
    expect(pathsOf(body({ whenClosed: 'template' }))).toEqual(['template']);
    expect(pathsOf(body({ whenClosed: 'park', template: TEMPLATE }))).toEqual(['template']);
    expect(pathsOf(body({ whenClosed: 'reject', template: TEMPLATE }))).toEqual(['template']);
    expect(pathsOf(body({ template: TEMPLATE, parkForSeconds: 600 })).sort()).toEqual([
      'parkForSeconds',
      'template',
    ]);
  });

  it.each<[string, unknown]>([
    ['placeholders', { ...TEMPLATE, placeholders: ['John', '2000'] }],
    ['no placeholders', { ...TEMPLATE, placeholders: [] }],
    ['a text above it', { ...TEMPLATE, header: { type: 'TEXT', parameter: 'Hi' } }],
    ['an image', { ...TEMPLATE, header: { type: 'IMAGE', mediaUrl: 'https://x.example/a.png' } }],
    [
      'a document with its name',
      { ...TEMPLATE, header: { type: 'DOCUMENT', mediaUrl: 'https://x.example/a', filename: 'a.pdf' } },
    ],
  ])('keeps a template with %s as it was written', (_, template) => {
    expect(parseFlow(asking(template), undefined).template).toEqual(template);
  });

  it.each<[string, unknown, string]>([
    ['no object', 'hello', 'template'],
    ['null', null, 'template'],
    ['no name', { languageCode: 'en' }, 'template.name'],
    ['no language', { name: 'hello' }, 'template.languageCode'],
    ['another field', { ...TEMPLATE, colour: 'red' }, 'template.colour'],
    ['a number for a placeholder', { ...TEMPLATE, placeholders: [7] }, 'template.placeholders.0'],
    ['an empty placeholder', { ...TEMPLATE, placeholders: [''] }, 'template.placeholders.0'],
    ['one word for placeholders', { ...TEMPLATE, placeholders: 'John' }, 'template.placeholders'],
    ['51 placeholders', { ...TEMPLATE, placeholders: Array(51).fill('x') }, 'template.placeholders'],
    ['a sticker above it', { ...TEMPLATE, header: { type: 'STICKER' } }, 'template.header.type'],
    [
      'an image that is no https',
      { ...TEMPLATE, header: { type: 'IMAGE', mediaUrl: 'http://x.example/a' } },
      'template.header.mediaUrl',
    ],
  ])('is refused and names the path when its template has %s', (_, template, path) => {
    const paths = pathsOf(asking(template));
    expect(paths.some((one) => one === path || path.startsWith(`${one}.`))).toBe(true);
    expect(paths.every((one) => one.startsWith('template'))).toBe(true);
  });

  it('is refused with every value of its template that WhatsApp refuses, and their paths', () => {
    const placeholders = ['Ann', 'Line one\nLine two', 'a\tb', 'a\rb', 'a     b', '\u200b', 'a\0'];
    const header = { type: 'TEXT', parameter: 'a\nb' };
    expect(pathsOf(asking({ ...TEMPLATE, header, placeholders })).sort()).toEqual([
      'template.header.parameter',
      ...[1, 2, 3, 4, 5, 6].map((n) => `template.placeholders.${n}`),
    ]);
  });

  it('has another fingerprint with another template or another time to wait', async () => {
    const { fingerprint } = await import('../../../src/lib/messages/message.ts');
    const prints = [
      body({ whenClosed: 'park' }),
      body({ whenClosed: 'park', parkForSeconds: 60 }),
      asking(TEMPLATE),
      asking({ ...TEMPLATE, name: 'hello2' }),
      body(),
      body({ correlate: true }),
    ].map((one) => fingerprint(parseFlow(one, undefined)));
    expect(new Set(prints).size).toBe(prints.length);
    const same = body({ whenClosed: 'park', parkForSeconds: 259_200 });
    expect(fingerprint(parseFlow(same, undefined))).toBe(prints[0]);
    const plain = body({ correlate: false });
    expect(fingerprint(parseFlow(plain, undefined))).toBe(fingerprint(parseFlow(body(), undefined)));
  });
});

describe('a flow that returns our correlation value', () => {
  it('asks for it with true, and with nothing else', () => {
    expect(parseFlow(body({ correlate: true }), undefined).correlate).toBe(true);
    expect(parseFlow(body({ correlate: false }), undefined)).not.toHaveProperty('correlate');
    expect(parseFlow(body(), undefined)).not.toHaveProperty('correlate');
    for (const correlate of ['true', 1, null, {}])
      expect(pathsOf(body({ correlate }))).toEqual(['correlate']);
  });
});

describe('a caller that wants a response at once', () => {
  it.each(['respond-async', 'wait=5, Respond-Async', 'respond-async; foo=bar', ' respond-async '])(
    'says so with Prefer: %s',
    (prefer) => {
      expect(prefersAsync(prefer)).toBe(true);
    },
  );

  it.each([undefined, '', 'return=minimal', 'respond-asynchronously', 'foo="respond-async"'])(
    'does not say so with Prefer: %s',
    (prefer) => {
      expect(prefersAsync(prefer)).toBe(false);
    },
  );
});

describe('a pair in a path', () => {
  it("consists of the business number and the customer's, as digits", () => {
    expect(parsePair({ from: '+254110090747', to: '254 717 746565' })).toEqual({
      business: '254110090747',
      customer: '254717746565',
    });
  });

  it('is refused with both faults at once', () => {
    expect(() => parsePair({ from: 'x' })).toThrow(
      expect.objectContaining({
        errors: [expect.objectContaining({ path: 'from' }), { path: 'to', message: 'is required' }],
      }),
    );
  });
});

describe('DEFAULT_FROM', () => {
  it.each(['0717746565', '12345', '+99912345678', 'the-sandbox-canary'])(
    'stops init without being shown when it is %s, which can never be a sender',
    (number) => {
      const start = () => defaultFrom({ DEFAULT_FROM: number });
      expect(start).toThrow('DEFAULT_FROM');
      expect(start).not.toThrow(number);
    },
  );

  it.each(['+254110090747', '254 110 090 747', undefined])('may be %s', (number) => {
    expect(defaultFrom({ DEFAULT_FROM: number })).toBe(number);
  });
});
