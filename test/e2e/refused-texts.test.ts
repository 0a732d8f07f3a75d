/** Texts and numbers that WhatsApp or JSON would refuse or change, over the built functions: 400, and nothing is claimed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, answerOfHttp } from '../support/fleet/answer.ts';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(() => fleet.stop());

type Fields = Record<string, unknown>;
const TEMPLATE = { name: 'hello', languageCode: 'en' };
const withTemplate = (fields: object): Fields => ({
  whenClosed: 'template',
  template: { ...TEMPLATE, ...fields },
});
const parameter = (text: string) => withTemplate({ header: { type: 'TEXT', parameter: text } });
const placeholders = (...texts: string[]) => withTemplate({ placeholders: texts });

const send = (fields: Fields): Promise<Answer> => fleet.send({ ...fleet.flow(), ...fields });
const sendText = async (text: string): Promise<Answer> =>
  answerOfHttp(
    await fetch(`${fleet.url}/v1/flows`, {
      method: 'POST',
      headers: { authorization: `Bearer ${fleet.token}`, 'content-type': 'application/json' },
      body: text,
    }),
  );
/** A flow as JSON text with this `data`. */
const withData = (data: string) => {
  const { data: _, ...flow } = fleet.flow();
  return { messageId: flow.messageId, text: `${JSON.stringify(flow).slice(0, -1)},"data":${data}}` };
};

const expectNothing = async (messageId: string): Promise<void> => {
  expect((await fleet.message(messageId)).status).toBe(404);
  expect(await fleet.lipachat.calls(messageId)).toEqual([]);
};

const named = (cases: readonly [string, Fields][]) =>
  cases.map(([path, fields]) => [path, JSON.stringify(fields), fields] as const);

describe('a text that WhatsApp refuses', () => {
  const CASES: [string, Fields][] = [
    ['flowCta', { flowCta: 'x'.repeat(31) }],
    ['flowCta', { flowCta: '𝒳'.repeat(31) }],
    ...['👋', '©️', '™️ Go', '🏽', 'Open\u200d', '🇰', '🇰🇪', '1️⃣', '#⃣', '❤️', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '👩‍🚀'].map(
      (flowCta): [string, Fields] => ['flowCta', { flowCta }],
    ),
    ...['   ', '\u00a0', '\u200b', '\ufeff', '\u3164', '\u2800', '\u00ad', '\ufe0e', '\u2003\u200b'].flatMap(
      (text): [string, Fields][] => [
        ['flowCta', { flowCta: text }],
        ['screen', { screen: text }],
        ['text', { text }],
        ['template.placeholders.0', placeholders(text)],
        ['template.header.parameter', parameter(text)],
      ],
    ),
    ...[
      'a\0',
      'a\u001b[0m',
      'a\u007f',
      'a\u0085',
      'a\tb',
      'a\rb',
      'a\u2028b',
      'a\u202eb',
      'a\u2067b',
    ].flatMap((text): [string, Fields][] => [
      ['flowCta', { flowCta: text }],
      ['screen', { screen: text }],
      ['text', { text }],
      ['flowId', { flowId: text }],
      ['template.placeholders.1', placeholders('Ann', text)],
      ['template.name', withTemplate({ name: text })],
    ]),
    ['flowCta', { flowCta: 'Go\non' }],
    ['screen', { screen: 'Go\non' }],
    ['template.placeholders.0', placeholders('Line one\nLine two')],
    ['template.placeholders.0', placeholders('a     b')],
    ['template.header.parameter', parameter('a\nb')],
    ...['flowCta', 'screen', 'text', 'flowId'].map((field): [string, Fields] => [
      field,
      { [field]: 'a\ud83d' },
    ]),
  ];

  it.each(named(CASES))('is 400 and names %s: %s', async (path, _, fields) => {
    const flow = { ...fleet.flow(), ...fields };
    const answer = await fleet.send(flow);
    expect(answer).toMatchObject({ status: 400, json: { code: 'invalid-request' } });
    const errors = answer.json['errors'] as { path: string; message: string }[];
    expect(errors.map((fault) => fault.path)).toContain(path);
    expect(new Set(errors.map((fault) => fault.path)).size).toBe(1);
    await expectNothing(flow.messageId);
  });

  it('is named with all others at once', async () => {
    const answer = await send({
      ...{ flowCta: '©️', text: '\u200b', screen: 'a\nb' },
      ...placeholders('Ann', 'a\tb', 'a     b'),
    });
    const paths = (answer.json['errors'] as { path: string }[]).map(({ path }) => path).sort();
    expect(paths).toEqual([
      ...['flowCta', 'screen', 'template.placeholders.1', 'template.placeholders.2', 'text'],
    ]);
  });
});

describe('a text that WhatsApp takes', () => {
  it.each(
    named([
      ['flowCta', { flowCta: 'x'.repeat(30) }],
      ['flowCta', { flowCta: 'é'.repeat(21) }],
      ...[
        '#1 * 24/7',
        '© 2026',
        'Brand®',
        'Name™',
        'می\u200cخواهم',
        'क्\u200dष',
        'ක්\u200dෂ',
        '\u200fשלום',
      ].map((flowCta): [string, Fields] => ['flowCta', { flowCta }]),
      ['text', { text: 'Habari 👨‍👩‍👧\n\nyako?\r\n  ' }],
      ['template', placeholders('a    b', '👋 © ️', '  padded  ')],
    ]),
  )('is sent: %s %s', async (_, __, fields) => {
    expect(await send(fields)).toMatchObject({ status: 201, json: { status: 'sent' } });
  });
});

describe('a number in data', () => {
  it.each([
    ...['0.12345678901234567890', '1e-400', '1e400', '-1e400', '123456789012345678901', '9007199254740993'],
    ...['3.14159265358979323846', '0.1000000000000000055511151231257827', '1.00000000000000000001'],
  ])('is 400 and is named when a double would change it: %s', async (number) => {
    const { messageId, text } = withData(`{"ok":1,"deep":[{"n":${number}}]}`);
    expect(await sendText(text)).toMatchObject({
      status: 400,
      json: { errors: [{ path: 'data', message: expect.stringContaining('(deep.0.n)') }] },
    });
    await expectNothing(messageId);
  });

  it.each(['0.1', '1.0', '1e3', '100.50', '-0', '5e-324', '123456789012345', '"0.12345678901234567890"'])(
    'arrives as it is when a double holds it: %s',
    async (number) => {
      const { messageId, text } = withData(`{"n":${number}}`);
      expect(await sendText(text)).toMatchObject({ status: 201 });
      const [delivery] = await fleet.lipachat.deliveries(messageId);
      expect(delivery).toMatchObject({
        body: { data: { n: JSON.parse(JSON.stringify(JSON.parse(number))) } },
      });
    },
  );
});
