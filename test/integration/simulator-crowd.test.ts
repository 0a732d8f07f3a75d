import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../local/simulator/simulator.ts';
import { callJson } from '../support/json-http.ts';

const apiKey = 'canary-key-2';
const business = '254700000001';
const crowd = Array.from({ length: 7 }, (_, n) => String(254710000000 + n));

type Session = { from: string; to: string; open: boolean };

let simulator: Simulator;
let hookServer: Server;
let hooks: { messages: { from: string; to: string; text: string; messageId: string }[] }[] = [];
let hookStatus = 200;

beforeAll(async () => {
  hookServer = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      hooks.push(JSON.parse(Buffer.concat(chunks).toString()));
      response.writeHead(hookStatus).end();
    });
  });
  await new Promise<void>((resolve) => hookServer.listen(0, '127.0.0.1', resolve));
  const webhookUrl = `http://127.0.0.1:${(hookServer.address() as AddressInfo).port}/hook`;
  simulator = await startSimulator({ port: 0, apiKey, webhookUrl });
});

beforeEach(async () => {
  await control('POST', 'reset');
  hooks = [];
  hookStatus = 200;
});

afterAll(async () => {
  await simulator.close();
  hookServer.close();
});

const control = <Result>(method: string, path: string, body?: unknown): Promise<Result> =>
  callJson<Result>(method, `${simulator.url}/__sim/${path}`, body);

const sendTo = async (to: string): Promise<void> => {
  const body = {
    messageId: `m-${to}`,
    to,
    from: business,
    text: 'hi',
    flowId: 'f',
    flowCta: 'Go',
    screen: 's',
  };
  const headers = { apikey: apiKey, 'content-type': 'application/json' };
  const url = `${simulator.baseUrl}/whatsapp/interactive/flows`;
  expect((await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).status).toBe(200);
};

describe('a crowd of customers', () => {
  it('writes in by a few calls of our webhook, a message each, and opens its windows', async () => {
    const answer = await control('POST', 'customers/messages', {
      customers: crowd,
      to: business,
      perCall: 3,
    });
    expect(answer).toEqual({ joined: 7, calls: 3, failed: 0 });
    const messages = hooks.flatMap((hook) => hook.messages);
    expect(messages.map(({ from }) => from).toSorted()).toEqual(crowd);
    expect(new Set(messages.map(({ messageId }) => messageId)).size).toBe(7);
    expect(messages[0]).toMatchObject({ to: business, text: 'hello' });
    const { sessions } = await control<{ sessions: Session[] }>('GET', 'state');
    expect(sessions.filter(({ from, open }) => from === business && open)).toHaveLength(7);
  });

  it('needs the join code for the sandbox, and says which calls our webhook did not take', async () => {
    expect(await control('POST', 'customers/messages', { customers: crowd })).toMatchObject({
      joined: 0,
      calls: 0,
    });
    hookStatus = 400;
    const joining = { customers: crowd, text: 'join lipaflow' };
    expect(await control('POST', 'customers/messages', joining)).toEqual({ joined: 7, calls: 1, failed: 1 });
  });

  it('is refused whole when one of its numbers is none', async () => {
    const call = control('POST', 'customers/messages', { customers: [...crowd, 'none'], to: business });
    await expect(call).rejects.toThrow(/400.*customers\.7/);
    expect(hooks).toEqual([]);
  });
});

describe('the deliveries', () => {
  it('are shown by the fields and from the place that were asked for', async () => {
    await control('POST', 'customers/messages', { customers: crowd, to: business });
    for (const customer of crowd.slice(0, 3)) await sendTo(customer);
    const shown = await control('GET', 'deliveries?fields=to,kind&skip=1');
    expect(shown).toEqual([
      [crowd[1], 'flow'],
      [crowd[2], 'flow'],
    ]);
    const [whole] = await control<object[]>('GET', 'deliveries?skip=2');
    expect(whole).toMatchObject({ to: crowd[2], body: { text: 'hi' } });
    await expect(control('GET', 'deliveries?fields=to,apikey')).rejects.toThrow(/400.*fields/);
  });
});
