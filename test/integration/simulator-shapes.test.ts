/** Each shape of a callback can be chosen in the simulator, and is read as what it is. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../local/simulator/simulator.ts';
import { readCallbacks } from '../../src/lib/lipachat/parse-callbacks.ts';
import { callJson } from '../support/json-http.ts';

const apiKey = 'shapes-key';
const pair = { business: '254700000001', customer: '254717746565' };

type Json = Record<string, unknown>;
interface Got {
  readonly status: number;
  readonly json: Json & { readonly data?: Json };
}

let simulator: Simulator;

beforeAll(async () => {
  simulator = await startSimulator({ port: 0, apiKey });
});
afterAll(() => simulator.close());

const call = async (path: string, body: object): Promise<Got> => {
  const headers = { apiKey, 'content-type': 'application/json' };
  const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, json: (await response.json()) as Got['json'] };
};
const control = (path: string, body: object) => call(`${simulator.url}/__sim${path}`, body);

/** What the webhook was called with last, read. */
const told = async () => {
  const calls = await callJson<{ body: string }[]>('GET', `${simulator.url}/__sim/callbacks`);
  return readCallbacks(JSON.parse(calls.at(-1)?.body ?? 'null'));
};
const written = async (message: object) => {
  expect(
    (await control(`/customers/${pair.customer}/messages`, { to: pair.business, text: 'hi', ...message }))
      .status,
  ).toBe(200);
  return told();
};
const sent = async (): Promise<{ messageId: string; waId: unknown }> => {
  const flow = {
    messageId: randomUUID(),
    to: pair.customer,
    from: pair.business,
    text: 't',
    flowId: 'f',
    flowCta: 'c',
    screen: 'S',
    data: { a: 'b' },
  };
  const { json } = await call(`${simulator.baseUrl}/whatsapp/interactive/flows`, flow);
  return { messageId: flow.messageId, waId: json.data?.['waId'] };
};

describe('a customer’s message', () => {
  it.each(['flat', 'array', 'messages', 'text', 'whatsapp', 'entry', 'change', 'value'])(
    'in the shape %s',
    async (shape) => {
      expect(await written({ shape })).toMatchObject([{ kind: 'inbound', pair, said: ['hi'] }]);
    },
  );

  it.each(['s', 'ms', 'iso', 'local', 'list'])('with the time as %s', async (timestamp) => {
    for (const shape of ['flat', 'whatsapp']) {
      const [callback] = await written({ shape, timestamp });
      const at = callback?.kind === 'inbound' ? (callback.writtenAt?.getTime() ?? 0) : 0;
      // A local time is the latest that it may be: it is never older than it is.
      expect(at - Date.now()).toBeGreaterThan(-60_000);
      expect(at - Date.now()).toBeLessThan(16 * 3_600_000);
    }
  });

  it.each(['flat', 'whatsapp'])('of a person with a user id, %s', async (shape) => {
    const people = [{ number: pair.customer, userId: 'KE.1' }];
    expect(await written({ shape, userId: 'KE.1' })).toMatchObject([{ kind: 'inbound', pair, people }]);
    const [hidden] = await written({ shape, userId: 'KE.1', hideNumber: true });
    expect(hidden).toMatchObject({ kind: 'inbound', pair: { ...pair, customer: 'KE.1' } });
    expect(hidden).not.toHaveProperty('people');
  });

  it('in a group', async () => {
    const other = '254717746599';
    const { json } = await control(`/customers/${other}/messages`, {
      to: pair.business,
      text: 'stop',
      group: 'g',
    });
    expect(json).toMatchObject({ joined: true });
    expect(await told()).toEqual([{ kind: 'notice', about: 'group' }]);
    const state = await callJson<{ sessions: { to: string }[] }>('GET', `${simulator.url}/__sim/state`);
    expect(state.sessions.map(({ to }) => to)).not.toContain(other);
  });

  it('without a number needs a user id', async () => {
    const message = { to: pair.business, text: 'hi', hideNumber: true };
    expect((await control(`/customers/${pair.customer}/messages`, message)).status).toBe(400);
  });
});

describe('a flow reply', () => {
  it.each([
    'nfm_reply',
    'nfm_reply-object',
    'nfm_reply-encoded-twice',
    'interactive-as-text',
    'camelCase',
    'whatsapp',
  ])('in the shape %s', async (shape) => {
    await written({});
    const { messageId } = await sent();
    await control(`/customers/${pair.customer}/flow-replies`, { messageId, response: { a: 1 }, shape });
    expect(await told()).toMatchObject([{ kind: 'inbound', pair, reply: { response: { a: 1 } } }]);
  });
});

describe('a status', () => {
  it.each(['flat', 'words', 'objects', 'whatsapp', 'entry', 'change', 'value'])(
    'in the shape %s',
    async (shape) => {
      await written({});
      const { messageId, waId } = await sent();
      await control(`/messages/${messageId}/status`, { status: 'FAILED', errorCode: 131_047, shape });
      expect(await told()).toMatchObject([
        { kind: 'status', report: { status: 'failed', waId, code: 131_047 } },
      ]);
    },
  );
});
