/** Responses that judge no message, over the built functions: the id stays free, and a repeat is sent once. */
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isReplay } from '../support/fleet/answer.ts';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';
import type { Fault } from '../support/fleet/lipachat.ts';

const DEADLINE_MS = 2_000;
/** What a process may grow by while it meets a hostile response. */
const FLAT_MB = 64;

let fleet: Fleet;

beforeAll(async () => {
  const settings = { GATEWAY_DEADLINE_MS: String(DEADLINE_MS), SECRET_CACHE_SECONDS: '0' };
  fleet = await startFleet({ settings });
});
afterEach(() => fleet.lipachat.mend());
afterAll(() => fleet.stop());

const refusal = (message: string, httpStatus = 200): Fault => ({ kind: 'reject', httpStatus, message });
const success = (message: string): Fault => ({
  kind: 'outcome',
  status: 200,
  body: { timestamp: null, data: null, status: 'success', message, errors: null },
});

const meeting = async (fault: Fault, flow = fleet.flow()) => {
  await fleet.lipachat.fail(fault, { messageId: flow.messageId, times: null });
  const startedAt = performance.now();
  const answer = await fleet.send(flow);
  const tookMs = performance.now() - startedAt;
  await fleet.lipachat.mend();
  return { flow, answer, tookMs };
};

const expectSentOnce = async (flow: { messageId: string }): Promise<void> => {
  const again = await fleet.send(flow);
  expect(again).toMatchObject({ status: 201, json: { status: 'sent' } });
  expect(isReplay(again)).toBe(false);
  expect(await fleet.lipachat.deliveries(flow.messageId)).toHaveLength(1);
};

const MISCONFIGURED: [string, Fault][] = [
  ['HTML 404, a wrong base URL', { kind: 'foreign', status: 404 }],
  ['a framework’s 404', { kind: 'foreign', status: 404, form: 'framework' }],
  ['HTML 403, a firewall', { kind: 'foreign', status: 403 }],
  ['a proxy’s 403', { kind: 'foreign', status: 403, form: 'proxy' }],
  ['an empty 400', { kind: 'foreign', status: 400, form: 'empty' }],
  ['HTML 422', { kind: 'foreign', status: 422 }],
  ...[402, 403, 404, 405, 407, 413, 415, 421, 423, 425, 426].map((status): [string, Fault] => [
    `LipaChat’s own ${status}`,
    refusal('Request failed.', status),
  ]),
  ['“Insufficient balance”', refusal('Insufficient balance')],
  ['“Insufficient balance” with 400', refusal('Insufficient balance', 400)],
  ['“Wallet balance low” in the errors', { kind: 'reject', errors: [{ message: 'Wallet balance low' }] }],
  ['“Your account has been suspended”', refusal('Your account has been suspended', 422)],
  ['“Service temporarily unavailable” with "success"', success('Service temporarily unavailable')],
  ['a receipt that failed for want of credit', { kind: 'accepted-status', statusDesc: 'Out of credit' }],
];
const CREDENTIALS: [string, Fault][] = [
  ['“Invalid apiKey” with 403', refusal('Invalid apiKey', 403)],
  ['“Unauthorized” with 200', refusal('Unauthorized')],
  ['“Permission denied” with 400', refusal('Permission denied', 400)],
  ['“API key has been revoked”', success('API key has been revoked')],
  ['plain text about the key', { kind: 'outcome', status: 403, raw: 'Invalid API key' }],
];
const THROTTLED: [string, Fault][] = [
  ['“Too many requests” with 200', refusal('Too many requests')],
  ['“Rate limit exceeded” with 403', refusal('Rate limit exceeded', 403)],
  ['“Daily quota exceeded”', success('Daily quota exceeded')],
];

describe.each<[string, [string, Fault][]]>([
  ['gateway-misconfigured', MISCONFIGURED],
  ['gateway-credentials', CREDENTIALS],
  ['gateway-throttled', THROTTLED],
])('503 %s', (code, cases) => {
  it.each(cases)('releases the id: %s', async (_, fault) => {
    const { flow, answer } = await meeting(fault);
    expect(answer).toMatchObject({ status: 503, json: { code } });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(await fleet.table.message(flow.messageId)).toBeUndefined();
    await expectSentOnce(flow);
  });
});

describe('422 gateway-rejected', () => {
  it.each<[string, Fault]>([
    ['a word of the table in another sense', refusal('Missing template key', 400)],
    ['a field with such a name', refusal('data.balance is required')],
    ['an unpublished flow, with 422', refusal('Flow is not published', 422)],
    ['a code, beside words about the service', refusal('(#131026) Something went wrong', 400)],
    ['a refusal that says duplicate', refusal('Duplicate messageId', 409)],
  ])('stays final: %s', async (_, fault) => {
    const { flow, answer } = await meeting(fault);
    expect(answer).toMatchObject({ status: 422, json: { code: 'gateway-rejected' } });
    const again = await fleet.send(flow);
    expect(again).toMatchObject({ status: 422, text: answer.text });
    expect(isReplay(again)).toBe(true);
  });
});

describe('409 session-closed', () => {
  it.each([
    'not delivered: more than 24 hours have passed since the customer last replied',
    'Re-engagement message',
  ])('by the wording alone, in the response: %s', async (words) => {
    const to = await fleet.newCustomer();
    const { flow, answer } = await meeting(refusal(words), fleet.flow({ to }));
    expect(answer).toMatchObject({ status: 409, json: { code: 'session-closed' } });
    expect(await fleet.table.message(flow.messageId)).toBeUndefined();
    const session = await fleet.call('GET', `/v1/sessions/${fleet.business}/${to}`);
    expect(session.json).toMatchObject({ open: false });
  });

  it.each(['flat', 'words', 'whatsapp'])('by the wording alone, in a callback of shape %s', async (shape) => {
    const to = await fleet.newCustomer();
    const flow = fleet.flow({ to });
    await fleet.send(flow);
    const statusDesc = 'more than 24 hours have passed since the customer last replied';
    const { waId } = (await fleet.lipachat.deliveries(flow.messageId))[0] ?? {};
    const status = { waId, messageId: flow.messageId, conversationId: 'c', status: 'FAILED', statusDesc };
    const errors = [{ title: 'Failed', error_data: { details: statusDesc } }];
    const statuses = [{ id: waId, status: 'failed', recipient_id: to, errors }];
    const bodies: Record<string, object> = {
      flat: { event: 'MESSAGE_STATUS', messageStatus: { ...status, errorCode: 470 } },
      words: { event: 'MESSAGE_STATUS', messageStatus: status },
      whatsapp: { entry: [{ changes: [{ value: { messaging_product: 'whatsapp', statuses } }] }] },
    };
    await fleet.lipachat.callBack(bodies[shape]);
    expect((await fleet.message(flow.messageId)).json).toMatchObject({ status: 'failed' });
    const session = await fleet.call('GET', `/v1/sessions/${fleet.business}/${to}`);
    expect(session.json).toMatchObject({ open: false });
  });
});

describe('202 unknown', () => {
  it.each<[string, Fault]>([
    ['25,000 levels in a receipt', { kind: 'hostile-json', form: 'deep', size: 25_000, accepted: true }],
    ['25,000 levels in a refusal', { kind: 'hostile-json', status: 400, form: 'deep', accepted: true }],
    ['1,000,000 keys', { kind: 'hostile-json', form: 'wide', size: 1_000_000, accepted: true }],
    ['5,000 keys', { kind: 'hostile-json', form: 'wide', size: 5_000, accepted: true }],
    ['64 KB of one string', { kind: 'hostile-json', form: 'long', size: 65_536, accepted: true }],
    ['60,000 characters of one string', { kind: 'hostile-json', form: 'long', size: 60_000, accepted: true }],
    ['“Upstream timed out”', refusal('Upstream timed out')],
  ])('within the deadline and with memory flat, and a repeat settles it: %s', async (_, fault) => {
    const [worker] = fleet.workers['sendFlow'] ?? [];
    if (!worker) throw new Error('no worker');
    await fleet.send(fleet.flow());
    const before = peakOf(worker.pid);
    const { flow, answer, tookMs } = await meeting(fault);
    expect(answer).toMatchObject({ status: 202, json: { status: 'unknown' } });
    expect(tookMs).toBeLessThan(DEADLINE_MS + 4_000);
    expect(peakOf(worker.pid) - before).toBeLessThan(FLAT_MB);
    expect((await fleet.message(flow.messageId)).json).toMatchObject({ status: 'unknown' });
    await expectSentOnce(flow);
  });
});

/** The most memory that a process has ever had, in MB. */
const peakOf = (pid: number): number => {
  const [, kilobytes = '0'] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
};
