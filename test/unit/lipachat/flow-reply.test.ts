/** lipachat-contract §4, "Flow reply": every shape is read, and an unreadable reply is stored raw. */
import { describe, expect, it } from 'vitest';
import { readCallbacks } from '../../../src/lib/lipachat/parse-callbacks.ts';

const ANSWERS = { name: 'Amina 👋', nested: { list: [1, null] } };
const TEXT = JSON.stringify(ANSWERS);

const flat = (changes: Record<string, unknown>) => ({
  messageId: 'in-1',
  from: '254717746565',
  to: '254110090747',
  type: 'INTERACTIVE',
  ...changes,
});
const interactive = (inner: Record<string, unknown>) =>
  flat({ interactive: { type: 'nfm_reply', ...inner } });

function replyIn(body: unknown): unknown {
  const [callback] = readCallbacks(body);
  return callback?.kind === 'inbound' ? callback.reply : callback?.kind;
}

const shapes: readonly [string, (answers: unknown) => unknown][] = [
  ['snake case', (r) => interactive({ nfm_reply: { name: 'flow', body: 'Sent', response_json: r } })],
  ['camel case', (r) => interactive({ nfmReply: { responseJson: r } })],
  ['camel case within snake case', (r) => interactive({ nfm_reply: { responseJson: r } })],
  ...['FLOW', 'NFM_REPLY', 'FLOW_REPLY', 'FLOW_RESPONSE', 'nfm_reply', 'Flow_Reply'].flatMap(
    (type): [string, (answers: unknown) => unknown][] => [
      [`${type}, at the top`, (r) => flat({ type, response_json: r })],
      [`${type}, at the top in camel case`, (r) => flat({ type, responseJson: r })],
      [`${type}, under its name`, (r) => flat({ type, [type.toLowerCase()]: { response_json: r } })],
      [`${type}, under nfm_reply`, (r) => flat({ type, nfm_reply: { response_json: r } })],
    ],
  ),
  [
    'WhatsApp’s envelope',
    (r) => ({
      entry: [
        {
          changes: [
            {
              value: {
                metadata: { display_phone_number: '254110090747' },
                messages: [{ ...interactive({ nfm_reply: { response_json: r } }), to: undefined, id: 'w' }],
              },
            },
          ],
        },
      ],
    }),
  ],
  ['a list', (r) => [interactive({ nfm_reply: { response_json: r } })]],
  ['messages', (r) => ({ messages: [interactive({ nfm_reply: { response_json: r } })] })],
];

describe.each(shapes)('a reply in %s', (_, shape) => {
  it('is read from text and from an object', () => {
    expect(replyIn(shape(TEXT))).toMatchObject({ response: ANSWERS, quotedIds: [] });
    expect(replyIn(shape(ANSWERS))).toMatchObject({ response: ANSWERS, quotedIds: [] });
  });

  it('is kept as it came when its JSON is broken', () => {
    expect(replyIn(shape('{"name":"Ami'))).toMatchObject({ response: '{"name":"Ami', quotedIds: [] });
  });
});

describe('a reply', () => {
  it('names the message that it quotes', () => {
    const body = { ...interactive({ nfm_reply: { response_json: TEXT } }), context: { id: 'wamid.out' } };
    expect(replyIn(body)).toEqual({ response: ANSWERS, quotedIds: ['wamid.out'] });
  });

  it.each([
    ['a text', flat({ type: 'TEXT', text: '{"response_json":"{}"}' })],
    ['a button', flat({ interactive: { type: 'button_reply', button_reply: { id: '1', title: 'YES' } } })],
    ['a list', flat({ interactive: { type: 'list_reply', list_reply: { id: '1', title: 'x' } } })],
    ['a picture', flat({ type: 'IMAGE', image: { url: 'https://x' } })],
  ])('is not read from %s', (_, body) => {
    expect(replyIn(body)).toBeUndefined();
  });

  it('has no fields from a prototype', () => {
    const reply = replyIn(interactive({ nfm_reply: { response_json: '{"__proto__":{"admin":true}}' } }));
    expect((reply as { response: { admin?: boolean } }).response.admin).toBeUndefined();
  });

  const BIG = JSON.stringify({ text: 'x'.repeat(70_000) });

  it.each<[string, Record<string, unknown>]>([
    ['is too large to be held', interactive({ nfm_reply: { response_json: BIG } })],
    ['has none of the known keys', interactive({ nfm_reply: { answers: { a: 1 } } })],
    ['has no payload', interactive({})],
    ['has a payload that is no object', interactive({ nfm_reply: 'yes' })],
    ['has null for its answers', interactive({ nfm_reply: { response_json: null } })],
    ['is of a flow’s type and has none of the known keys', flat({ type: 'FLOW', flow: { answers: {} } })],
    ['is of a flow’s type and has nothing else', flat({ type: 'FLOW_RESPONSE' })],
  ])('is passed on whole when it %s', (_, body) => {
    const [callback] = readCallbacks(body);
    expect(callback).toMatchObject({ kind: 'inbound', id: 'in-1', pair: { customer: '254717746565' } });
    expect(callback).toMatchObject({ reply: undefined, unreadable: JSON.stringify(body) });
  });

  it('that can be read is not passed on whole', () => {
    const [callback] = readCallbacks(interactive({ nfm_reply: { response_json: TEXT } }));
    expect(callback).not.toHaveProperty('unreadable');
  });
});
