/** The table of test/support/lipachat-responses.ts over the built functions: what the caller gets, and gets again. */
import pMap from 'p-map';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isReplay } from '../support/fleet/answer.ts';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';
import type { Fault } from '../support/fleet/lipachat.ts';
import * as responses from '../support/lipachat-responses.ts';

let fleet: Fleet;

beforeAll(async () => {
  const settings = { GATEWAY_ATTEMPTS: '1', GATEWAY_DEADLINE_MS: '3000', SECRET_CACHE_SECONDS: '0' };
  fleet = await startFleet({ settings });
});
afterEach(() => fleet.lipachat.mend());
afterAll(() => fleet.stop());

const faultOf = (status: number, body: unknown): Fault =>
  typeof body === 'string' ? { kind: 'outcome', status, raw: body } : { kind: 'outcome', status, body };

const AT_ONCE = 8;

/** Each flow to a customer of its own: a refusal may close a window or make a pair wait. */
const meetings = async (table: readonly responses.Response[]) => {
  const met = await pMap(
    table,
    async ([status, body]) => {
      const flow = fleet.flow({ to: await fleet.newCustomer() });
      await fleet.lipachat.fail(faultOf(status, body), { messageId: flow.messageId, times: null });
      return { response: [status, body], flow, answer: await fleet.send(flow) };
    },
    { concurrency: AT_ONCE },
  );
  await fleet.lipachat.mend();
  return met;
};

/** Sends each again, and counts the deliveries of all. */
const repeats = async (met: Awaited<ReturnType<typeof meetings>>) => {
  const again = await pMap(met, ({ flow }) => fleet.send(flow), { concurrency: AT_ONCE });
  const rung = (await fleet.lipachat.deliveries()).map(({ messageId }) => messageId);
  return met.map(({ response, flow }, n) => ({
    response,
    status: again[n]?.status,
    isReplay: again[n] !== undefined && isReplay(again[n]),
    text: again[n]?.text,
    deliveries: rung.filter((id) => id === flow.messageId).length,
  }));
};

describe('the operator’s trouble', () => {
  it.each<[string, readonly responses.Response[]]>([
    ['gateway-credentials', responses.CREDENTIALS],
    ['gateway-throttled', responses.THROTTLED],
    ['gateway-misconfigured', responses.MISCONFIGURED],
  ])('is 503 %s, releases the id, and the same request is sent once', async (code, table) => {
    const met = await meetings(table);
    const got = met.map(({ response, answer }) => [response, answer.status, answer.json['code']]);
    expect(got).toEqual(table.map((response) => [response, 503, code]));
    for (const { flow, answer } of met) {
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      expect(await fleet.table.message(flow.messageId)).toBeUndefined();
    }
    const again = await repeats(met);
    const sent = { status: 201, isReplay: false, deliveries: 1 };
    expect(again).toMatchObject(table.map((response) => ({ response, ...sent })));
  });
});

it('nothing is known: 202 unknown, and a repeat settles it', async () => {
  const met = await meetings(responses.UNKNOWN);
  const got = met.map(({ response, answer }) => [response, answer.status, answer.json.status]);
  expect(got).toEqual(responses.UNKNOWN.map((response) => [response, 202, 'unknown']));
  const sent = { status: 201, deliveries: 1 };
  expect(await repeats(met)).toMatchObject(responses.UNKNOWN.map((response) => ({ response, ...sent })));
});

it('LipaChat judges the message: 422 gateway-rejected, final and replayed', async () => {
  const met = await meetings(responses.REJECTED);
  const got = met.map(({ response, answer }) => [response, answer.status, answer.json['code']]);
  expect(got).toEqual(responses.REJECTED.map((response) => [response, 422, 'gateway-rejected']));
  const refused = { status: 422, isReplay: true, deliveries: 0 };
  expect(await repeats(met)).toMatchObject(
    met.map(({ response, answer }) => ({ response, text: answer.text, ...refused })),
  );
});
