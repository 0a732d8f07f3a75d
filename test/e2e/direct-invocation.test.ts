import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Body } from '../support/fleet/answer.ts';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';
import type { Worker } from '../support/worker.ts';

type DirectResponse = { statusCode: number; body: Body };

let fleet: Fleet;
let sender: Worker;

beforeAll(async () => {
  fleet = await startFleet({ settings: { GATEWAY_ATTEMPTS: '1' } });
  sender = await fleet.spawn('sendFlow');
});
afterEach(() => fleet.lipachat.mend());
afterAll(() => fleet.stop());

const invoke = (event: unknown) => sender.invoke<DirectResponse>(event);

const busEvent = (detail: unknown) => ({
  version: '0',
  id: randomUUID(),
  'detail-type': 'FlowRequested',
  source: 'shop',
  account: '000000000000',
  time: '2026-01-02T03:04:05Z',
  region: 'eu-west-1',
  resources: [],
  detail,
});

describe.each<[string, (flow: object) => unknown]>([
  ['the body itself as the event', (flow) => flow],
  ['the detail of an EventBridge event', busEvent],
])('a direct invocation with %s', (_form, eventOf) => {
  it('sends once, and answers with the body as an object', async () => {
    const flow = fleet.flow();
    const first = await invoke(eventOf(flow));
    expect(first).toMatchObject({
      statusCode: 201,
      body: { messageId: flow.messageId, status: 'sent', gateway: { status: 'success' } },
    });
    expect(Object.keys(first)).toEqual(['statusCode', 'body']);
    expect(await invoke(eventOf(flow))).toEqual(first);
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
  });

  it('is refused as over HTTP: what is wrong, and an id that is taken', async () => {
    const flow = fleet.flow();
    expect(await invoke(eventOf({ ...flow, text: '' }))).toMatchObject({
      statusCode: 400,
      body: { code: 'invalid-request', errors: [{ path: 'text' }] },
    });
    await invoke(eventOf(flow));
    expect(await invoke(eventOf({ ...flow, text: 'another' }))).toMatchObject({
      statusCode: 422,
      body: { code: 'message-id-reused' },
    });
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
  });

  it('meets the shut window as over HTTP', async () => {
    const to = fleet.canaries.number();
    expect(await invoke(eventOf(fleet.flow({ to })))).toMatchObject({
      statusCode: 409,
      body: { code: 'session-closed' },
    });
  });
});

describe('a fault that may pass', () => {
  it('is an answer to whoever invoked the function', async () => {
    const flow = fleet.flow();
    await fleet.lipachat.fail({ kind: 'throttle', retryAfter: 9 }, { messageId: flow.messageId });
    expect(await invoke(flow)).toMatchObject({ statusCode: 503, body: { code: 'gateway-throttled' } });
  });

  it('is thrown at EventBridge, so that Lambda tries again and nothing is lost', async () => {
    const flow = fleet.flow();
    const event = busEvent(flow);
    await fleet.lipachat.fail({ kind: 'throttle', retryAfter: 9 }, { messageId: flow.messageId });
    await expect(invoke(event)).rejects.toThrow('gateway-throttled');
    expect(await invoke(event)).toMatchObject({ statusCode: 201 });
    expect(await fleet.lipachat.deliveries(flow.messageId)).toHaveLength(1);
  });
});

describe('the detail of an event as text', () => {
  it.each<[string, (flow: object) => string]>([
    ['JSON', (flow) => JSON.stringify(flow)],
    ['JSON in white space', (flow) => `\ufeff ${JSON.stringify(flow)}\r\n`],
    ['JSON in JSON', (flow) => JSON.stringify(JSON.stringify(flow))],
  ])('is sent once: %s', async (_, textOf) => {
    const flow = fleet.flow();
    expect(await invoke(busEvent(textOf(flow)))).toMatchObject({ statusCode: 201 });
    expect(await invoke(busEvent(flow))).toMatchObject({ statusCode: 201 });
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
  });

  it.each(['', ' ', 'hello', '{"messageId":"m-1",', 'null', '7', '[]', '"hello"', null, []])(
    'is thrown when it is no object: %j',
    (detail) => expect(invoke(busEvent(detail))).rejects.toThrow('internal'),
  );
});

describe('whoever IAM lets in', () => {
  it('has the same messageIds as the callers over HTTP', async () => {
    const flow = fleet.flow();
    const sent = await fleet.send(flow);
    expect(await invoke(flow)).toEqual({ statusCode: 201, body: sent.json });
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
  });
});
