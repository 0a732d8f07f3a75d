/** The whole system once: what `npm start` starts, one message from its window to its reply, and a campaign of three. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lineAfter, spawnChild, stopChildren, whenReady } from '../support/children.ts';
import { type Answer, answerOfHttp, isReplay } from '../support/fleet/answer.ts';
import { createLipaChat, type LipaChat } from '../support/fleet/lipachat.ts';
import { until } from '../support/fleet/wait.ts';
import { callJson } from '../support/json-http.ts';

const BUSINESS = '254110090747';
const CUSTOMER = '254717746565';
const OTHERS = ['254717746566', '254717746567'];
const FLOW = {
  from: BUSINESS,
  text: 'Please share your details',
  flowId: 'YOUR_FLOW_ID',
  flowCta: 'Share Details!',
  screen: 'DETAILS',
};

const system = { api: '', simulator: '', token: '' };
let lipachat: LipaChat;

beforeAll(async () => {
  const child = spawnChild({ file: 'local/start.ts', env: { PORT: '0', LOG_LEVEL: 'ERROR' } });
  const words = (await whenReady(child, lineAfter(child.process, 'ready '))).split(' ');
  for (const name of ['api', 'simulator', 'token'] as const) {
    system[name] = words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
  }
  lipachat = createLipaChat({
    control: (method, path, json) => callJson(method, `${system.simulator}/__sim/${path}`, json),
  });
});
afterAll(stopChildren);

const call = async (method: string, path: string, body?: object): Promise<Answer> =>
  answerOfHttp(
    await fetch(`${system.api}${path}`, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${system.token}` },
      ...(body ? { body: JSON.stringify(body) } : {}),
    }),
  );

describe('a message', () => {
  const flow = { ...FLOW, messageId: randomUUID(), to: CUSTOMER };
  const message = (): Promise<Answer> => call('GET', `/v1/messages/${flow.messageId}`);
  const messageWith = (name: string, value: unknown): Promise<Answer> =>
    until(`${name} of the message`, async () => {
      const answer = await message();
      return expect.objectContaining({ [name]: value }).asymmetricMatch(answer.json) && answer;
    });

  it('is refused while the session window is shut, and sent once a customer has opened it', async () => {
    expect(await call('POST', '/v1/flows', flow)).toMatchObject({
      status: 409,
      json: { code: 'session-closed' },
    });
    await lipachat.writeIn(CUSTOMER, { to: BUSINESS, text: 'join lipaflow' });
    const sent = await call('POST', '/v1/flows', flow);
    expect(sent).toMatchObject({ status: 201, json: { status: 'sent', session: { open: true } } });
  });

  it('is answered from the store when it comes again, and delivered once', async () => {
    const [first, second] = [await call('POST', '/v1/flows', flow), await call('POST', '/v1/flows', flow)];
    expect([first, second].map((answer) => [answer.status, isReplay(answer)])).toEqual([
      [201, true],
      [201, true],
    ]);
    expect(second.text).toBe(first.text);
    expect(await lipachat.deliveries(flow.messageId)).toHaveLength(1);
  });

  it('is delivered when a status callback says so', async () => {
    await lipachat.report(flow.messageId, 'DELIVERED');
    expect((await messageWith('status', 'delivered')).status).toBe(200);
  });

  it('holds the answers with which the customer fills the flow in', async () => {
    await lipachat.fillIn(CUSTOMER, { response: { package: 'home' }, messageId: flow.messageId });
    const { json } = await messageWith('reply', expect.anything());
    expect(json['reply']).toMatchObject({ response: { package: 'home' } });
  });
});

describe('a campaign', () => {
  const campaignId = randomUUID();
  const path = `/v1/campaigns/${campaignId}`;
  const whenIs = (state: string): Promise<Answer> =>
    until(`the campaign to be ${state}`, async () => {
      const answer = await call('GET', path);
      return answer.json['state'] === state && answer;
    });

  it('sends each of its recipients their own flow, once, and parks it for one who has not written in', async () => {
    const [late = '', other = ''] = OTHERS;
    await lipachat.writeIn(other, { to: BUSINESS, text: 'join lipaflow' });
    const created = await call('POST', '/v1/campaigns', {
      campaignId,
      name: 'A smoke test',
      message: { ...FLOW, text: 'Hello {{name}}', whenClosed: 'park' },
      recipients: { inline: [CUSTOMER, other, late].map((to, n) => ({ to, name: `Asha ${n}` })) },
    });
    expect(created.status).toBe(201);
    await call('POST', `${path}/plan`);
    expect((await whenIs('planned')).json['plan']).toMatchObject({
      counts: { total: 3, sendNow: 2, park: 1 },
    });
    await call('POST', `${path}/start`);
    expect((await whenIs('completed')).json['progress']).toMatchObject({ sent: 2, parked: 1 });

    await lipachat.writeIn(late, { to: BUSINESS, text: 'join lipaflow' });
    const texts = await until('the parked flow to go out', async () => {
      const all = await lipachat.deliveries();
      const hellos = all.map(({ to, body }) => [to, (body as { text: string }).text] as const);
      const found = hellos.filter(([, text]) => text.startsWith('Hello'));
      return found.length >= 3 && found;
    });
    expect(Object.fromEntries(texts)).toEqual({
      [CUSTOMER]: 'Hello Asha 0',
      [other]: 'Hello Asha 1',
      [late]: 'Hello Asha 2',
    });
    expect(texts).toHaveLength(3);
  });
});
