/**
 * The built functions with any rest of their invocation: a send is finished, or nothing of it is left behind. The
 * functions are loaded into this process, because a worker would cut them off when their time is over.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadFunction } from '../../local/bundles.ts';
import { adoptEnvironment } from '../../local/environment.ts';
import type { LambdaFunction, LambdaHandler } from '../../local/lambda.ts';
import { type Fleet, type Flow, startFleet } from '../support/fleet/fleet.ts';
import { until } from '../support/fleet/wait.ts';
import { httpEvent } from '../support/http-event.ts';
import { definitionOf, environmentOf, type HttpResult } from '../support/worker.ts';

/** A whole send does not fit, however fast the machine is. */
const TOO_SHORT = [0, 1, 5, 20, 50, 100, 200, 500, 1_000, 2_000, 2_900];
/** It may fit: that depends on the machine. */
const MAY_FIT = [3_000, 4_000, 6_000, 29_000];
const TEMPLATE = { whenClosed: 'template', template: { name: 'hello', languageCode: 'en' } };

let fleet: Fleet;
let sendFlow: LambdaFunction;
let worker: LambdaFunction;

beforeAll(async () => {
  fleet = await startFleet({ settings: { GATEWAY_DEADLINE_MS: '2000' } });
  const loaded = (name: string) => {
    const definition = definitionOf(name);
    adoptEnvironment(environmentOf(definition, fleet.environment));
    return loadFunction(definition);
  };
  [sendFlow, worker] = [loaded('sendFlow'), loaded('worker')];
});
afterEach(async () => {
  await fleet.lipachat.mend();
  await fleet.aws.clearFaults();
});
afterAll(() => fleet.stop());

/** A context whose rest of time counts down. It ends nothing: the handler has to. */
function contextWith(ms: number) {
  const endsAt = performance.now() + ms;
  const getRemainingTimeInMillis = () => Math.max(0, Math.round(endsAt - performance.now()));
  return { awsRequestId: randomUUID(), getRemainingTimeInMillis } as Parameters<LambdaHandler>[1];
}

const invoke = async <R>({ handler }: LambdaFunction, event: unknown, ms: number): Promise<R> =>
  (await handler(event, contextWith(ms))) as R;

const overHttp = (flow: object, ms: number, headers: Record<string, string> = {}) => {
  const authorizer = { clientId: 'fleet', scopes: 'send read' };
  const event = httpEvent({ method: 'POST', path: '/v1/flows', body: flow, authorizer, headers });
  return invoke<HttpResult>(sendFlow, event, ms);
};

const busEvent = (detail: unknown) => ({
  version: '0',
  id: randomUUID(),
  'detail-type': 'FlowRequested',
  source: 'shop',
  detail,
});
const records = (...bodies: unknown[]) => ({
  Records: bodies.map((body) => ({ messageId: randomUUID(), body: JSON.stringify(body) })),
});

const expectNothingOf = async ({ messageId }: Flow): Promise<void> => {
  expect(await fleet.table.message(messageId)).toBeUndefined();
  expect(await fleet.lipachat.calls(messageId)).toEqual([]);
};

const expectSentOnce = async (flow: Flow): Promise<void> => {
  expect(await fleet.send(flow)).toMatchObject({ status: 201, json: { status: 'sent' } });
  expect(await fleet.lipachat.deliveries(flow.messageId)).toHaveLength(1);
};

/** No claim of a send that did not leave, as soon as the handler has done what it had begun. */
const expectNoStrayClaim = (flow: Flow) =>
  until(`no stray claim of ${flow.messageId}`, async () => {
    const item = await fleet.table.message(flow.messageId);
    return item?.['lease'] === undefined || (await fleet.lipachat.calls(flow.messageId)).length > 0;
  });

describe.each(TOO_SHORT)('with %i ms left', (ms) => {
  it('a request gets 503, and its id is free', async () => {
    const flow = fleet.flow();
    const { statusCode, headers, body } = await overHttp(flow, ms);
    expect({ statusCode, ...JSON.parse(body ?? '') }).toMatchObject({
      statusCode: 503,
      status: 503,
      code: 'store-unavailable',
    });
    expect(Number(headers?.['retry-after'])).toBeGreaterThan(0);
    await expectNothingOf(flow);
    await expectSentOnce(flow);
  });

  it.each<[string, object, Record<string, string>]>([
    ['respond-async', {}, { prefer: 'respond-async' }],
    ['a template', TEMPLATE, {}],
  ])('so does one with %s', async (_, fields, headers) => {
    const flow = fleet.flow({ ...fields, to: fleet.canaries.number() });
    expect(await overHttp(flow, ms, headers)).toMatchObject({ statusCode: 503 });
    await expectNothingOf(flow);
  });

  it('a replay and a second payload get 503, and change nothing', async () => {
    const flow = fleet.flow();
    await expectSentOnce(flow);
    const before = await fleet.table.message(flow.messageId);
    expect(await overHttp(flow, ms)).toMatchObject({ statusCode: 503 });
    expect(await overHttp({ ...flow, text: 'another' }, ms)).toMatchObject({ statusCode: 503 });
    expect(await fleet.table.message(flow.messageId)).toEqual(before);
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
  });

  it('an invalid request still gets 400', async () => {
    expect(await overHttp(fleet.flow({ text: '' }), ms)).toMatchObject({ statusCode: 400 });
  });

  it('a direct invocation gets 503, and an event is thrown back at EventBridge', async () => {
    const flow = fleet.flow();
    expect(await invoke(sendFlow, flow, ms)).toMatchObject({
      statusCode: 503,
      body: { code: 'store-unavailable' },
    });
    await expect(invoke(sendFlow, busEvent(flow), ms)).rejects.toThrow('store-unavailable');
    await expectNothingOf(flow);
    await expectSentOnce(flow);
  });

  it('the worker gives back every record, and claims nothing', async () => {
    const flow = fleet.flow();
    await overHttp(flow, 29_000, { prefer: 'respond-async' });
    const before = await fleet.table.message(flow.messageId);
    const at = new Date().toISOString();
    const recipient = { campaignId: 'c-1', n: 0, row: 0, wokenAt: at, slotAt: at, tries: 0 };
    const event = records({ messageId: flow.messageId }, recipient);
    expect(await invoke(worker, event, ms)).toEqual({
      batchItemFailures: event.Records.map(({ messageId }) => ({ itemIdentifier: messageId })),
    });
    expect(await fleet.table.message(flow.messageId)).toEqual(before);
    expect(await fleet.lipachat.calls(flow.messageId)).toEqual([]);
  });
});

describe.each(MAY_FIT)('with %i ms left', (ms) => {
  const ALLOWED = [201, 202, 409, 503];

  it.each<[string, (flow: Flow) => Promise<void>]>([
    ['nothing in the way', async () => {}],
    [
      'a silent LipaChat',
      async ({ messageId }) => {
        await fleet.lipachat.fail({ kind: 'accept-then-silence' }, { messageId, times: 1 });
      },
    ],
    [
      'a slow claim',
      ({ messageId }) =>
        fleet.aws.addFaults({ target: 'PutItem', fault: 'hang', match: messageId, times: 2 }),
    ],
  ])('a send is finished, or leaves nothing: %s', async (_, hinder) => {
    const flow = fleet.flow();
    await hinder(flow);
    const { statusCode, body } = await overHttp(flow, ms);
    expect(ALLOWED).toContain(statusCode);
    await expectNoStrayClaim(flow);
    await fleet.lipachat.mend();
    await fleet.aws.clearFaults();
    if (statusCode === 201) expect(await overHttp(flow, 29_000)).toMatchObject({ statusCode, body });
    expect((await fleet.lipachat.deliveries(flow.messageId)).length).toBeLessThanOrEqual(1);
  });
});

describe('a parked flow that its customer has released', () => {
  it('is left to the next worker, which sends it once', async () => {
    const to = fleet.canaries.number();
    const flow = fleet.flow({ to, ...{ whenClosed: 'park' } });
    expect(await overHttp(flow, 29_000)).toMatchObject({ statusCode: 202 });
    await fleet.lipachat.writeIn(to, { to: fleet.business });
    await until('the release', async () => (await fleet.sqs.bodies()).join().includes(flow.messageId));
    const event = records({ messageId: flow.messageId });
    expect(await invoke(worker, event, 5)).toMatchObject({ batchItemFailures: [{}] });
    expect(await fleet.table.message(flow.messageId)).toMatchObject({ status: 'parked' });
    expect(await invoke(worker, event, 29_000)).toEqual({ batchItemFailures: [] });
    expect(await fleet.lipachat.deliveries(flow.messageId)).toHaveLength(1);
  });
});
