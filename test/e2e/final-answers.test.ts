import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isReplay } from '../support/fleet/answer.ts';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';
import type { Fault } from '../support/fleet/lipachat.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet();
});
afterEach(() => fleet.lipachat.mend());
afterAll(() => fleet.stop());

describe('a repeat that LipaChat recognises', () => {
  it.each<[string, object]>([
    ['by the same receipt', { duplicateAnswer: 'same-receipt' }],
    ['by an error that says duplicate, as a 400', { duplicateAnswer: 'error', duplicateErrorStatus: 400 }],
    ['by an error that says duplicate, as a 200', { duplicateAnswer: 'error', duplicateErrorStatus: 200 }],
    ['by an error that says duplicate, as a 409', { duplicateAnswer: 'error', duplicateErrorStatus: 409 }],
  ])('proves the first: sent, delivered once, %s', async (_how, config) => {
    await fleet.lipachat.configure(config);
    const flow = fleet.flow();
    await fleet.lipachat.fail({ kind: 'accept-then-reset' }, { messageId: flow.messageId });
    const answer = await fleet.send(flow);
    expect(answer).toMatchObject({ status: 201, json: { status: 'sent', attempts: 2 } });
    expect(await fleet.lipachat.deliveries(flow.messageId)).toHaveLength(1);
    expect(await fleet.send(flow)).toMatchObject({ status: 201, text: answer.text });
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(2);
    await fleet.lipachat.configure({ duplicateAnswer: 'same-receipt', duplicateErrorStatus: 400 });
  });
});

describe('a rejection', () => {
  it.each<[string, Fault, string]>([
    ['400', { kind: 'reject', message: 'Flow is not published' }, 'Flow is not published'],
    ['200', { kind: 'reject', httpStatus: 200, message: 'Unknown flowId' }, 'Unknown flowId'],
    ['422 with errors', { kind: 'reject', httpStatus: 422, errors: [{ code: 131009 }] }, '131009'],
    [
      'a receipt that says FAILED',
      { kind: 'accepted-status', status: 'FAILED', statusDesc: 'No luck' },
      'No luck',
    ],
  ])('is final, stored and replayed byte for byte: %s', async (_form, fault, words) => {
    const flow = fleet.flow();
    await fleet.lipachat.fail(fault, { messageId: flow.messageId });
    const first = await fleet.send(flow);
    expect(first).toMatchObject({
      status: 422,
      headers: { 'content-type': 'application/problem+json' },
      json: { code: 'gateway-rejected', status: 422, title: expect.any(String), type: expect.any(String) },
    });
    expect(first.json.detail).toContain(words);
    expect(isReplay(first)).toBe(false);

    const again = await fleet.send(flow);
    expect(again).toMatchObject({ status: 422, text: first.text });
    expect(isReplay(again)).toBe(true);
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
    const read = await fleet.message(flow.messageId);
    expect(read.json).toMatchObject({ status: 'failed' });
    expect(read.json.reason).toContain(words);
  });
});

describe('the detail of a rejection', () => {
  const rejected = async (fault: Fault, fields = {}): Promise<string> => {
    const flow = fleet.flow(fields);
    await fleet.lipachat.fail(fault, { messageId: flow.messageId });
    const first = await fleet.send(flow);
    expect(first).toMatchObject({ status: 422, json: { code: 'gateway-rejected' } });
    expect((await fleet.send(flow)).text).toBe(first.text);
    expect((await fleet.message(flow.messageId)).json.reason).toBe(first.json.detail);
    return String(first.json.detail);
  };

  it.each<[Fault, RegExp]>([
    [
      { kind: 'reject' },
      /^Request failed\. \(LipaChat's words, with HTTP 400\.\) Correct .* new messageId\.$/,
    ],
    [
      { kind: 'reject', httpStatus: 422, message: '' },
      /^LipaChat refused it with HTTP 422 and gave no reason\./,
    ],
    [{ kind: 'reject', errors: [{ field: 'screen' }] }, /^Request failed\. \[\{"field":"screen"\}\]\. \(/],
    ...(['message', 'errors-array', 'errors-object', 'data'] as const).map((place): [Fault, RegExp] => [
      { kind: 'error-code', code: 131_026, place },
      /HTTP 400\.\) WhatsApp error 131026: .+\. This customer cannot be reached/,
    ]),
  ])('says what LipaChat said, and what to do: %o', async (fault, detail) => {
    expect(await rejected(fault)).toMatch(detail);
  });

  it('has neither the apiKey nor a phone number, and is one line', async () => {
    const { apiKey, customer } = fleet;
    const message = `Unknown template, sent with ${apiKey}\nto +${customer}, as ${customer.slice(0, 3)} ${customer.slice(3)}`;
    const detail = await rejected({ kind: 'reject', message, errors: { [apiKey]: Number(customer) } });
    expect(detail).toMatch(/^Unknown template, sent with … to …, as … \{"…":…\}\. \(LipaChat's words/);
  });

  it('names the template message when that was refused', async () => {
    const template = { name: 'hello', languageCode: 'en' };
    const flow = fleet.flow({ to: fleet.canaries.number(), ...{ whenClosed: 'template', template } });
    await fleet.lipachat.fail({ kind: 'reject', message: 'No such template' });
    expect(await fleet.send(flow)).toMatchObject({
      status: 422,
      json: {
        detail: expect.stringMatching(/^The template message: No such template\. .*HTTP 400/),
      },
    });
  });
});

describe('a failure that is the operator’s', () => {
  const expectReleased = async (messageId: string): Promise<void> => {
    expect(await fleet.table.message(messageId)).toBeUndefined();
    expect((await fleet.message(messageId)).status).toBe(404);
    expect(await fleet.lipachat.deliveries(messageId)).toEqual([]);
  };

  const expectSendable = async (flow: { messageId: string }): Promise<void> => {
    await fleet.lipachat.mend();
    const answer = await fleet.send(flow);
    expect(answer).toMatchObject({ status: 201, json: { status: 'sent' } });
    expect(isReplay(answer)).toBe(false);
    expect(await fleet.lipachat.deliveries(flow.messageId)).toHaveLength(1);
  };

  it.each([200, 401])('Invalid credentials on %i: 503, and nothing stands in the way', async (httpStatus) => {
    const flow = fleet.flow();
    const options = { messageId: flow.messageId, times: null };
    await fleet.lipachat.fail({ kind: 'invalid-credentials', httpStatus }, options);
    const answer = await fleet.send(flow);
    expect(answer).toMatchObject({ status: 503, json: { code: 'gateway-credentials' } });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    await expectReleased(flow.messageId);
    await expectSendable(flow);
  });

  it('throttled with Retry-After in seconds: 503 that says how long', async () => {
    const flow = fleet.flow();
    const options = { messageId: flow.messageId, times: null };
    await fleet.lipachat.fail({ kind: 'throttle', retryAfter: 17 }, options);
    const answer = await fleet.send(flow);
    expect(answer).toMatchObject({ status: 503, json: { code: 'gateway-throttled' } });
    expect(answer.headers['retry-after']).toBe('17');
    await expectReleased(flow.messageId);
    await expectSendable(flow);
  });

  it('throttled with Retry-After as a date: 503 that says how long', async () => {
    const flow = fleet.flow();
    const retryAfter = new Date(Date.now() + 90_000).toUTCString();
    await fleet.lipachat.fail({ kind: 'throttle', retryAfter }, { messageId: flow.messageId, times: null });
    const answer = await fleet.send(flow);
    expect(answer).toMatchObject({ status: 503, json: { code: 'gateway-throttled' } });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(60);
    expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(90);
    await expectReleased(flow.messageId);
    await expectSendable(flow);
  });

  it('throttled for a second: waited for, and sent', async () => {
    const flow = fleet.flow();
    await fleet.lipachat.fail({ kind: 'throttle', retryAfter: 1 }, { messageId: flow.messageId });
    expect(await fleet.send(flow)).toMatchObject({ status: 201 });
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(2);
    expect(await fleet.lipachat.deliveries(flow.messageId)).toHaveLength(1);
  });

  it('out of reach: 503, and nothing stands in the way', async () => {
    const flow = fleet.flow();
    const lost = await fleet.spawn('sendFlow', { LIPACHAT_BASE_URL: 'http://127.0.0.1:9/api/v1' });
    const answer = await fleet.sendThrough(lost, flow);
    expect(answer).toMatchObject({ status: 503, json: { code: 'gateway-unavailable' } });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    await expectReleased(flow.messageId);
    await expectSendable(flow);
  });
});

describe('a window that LipaChat calls shut while ours is open', () => {
  it.each<[string, Fault]>([
    ['in words, as a 400', { kind: 'session-closed', httpStatus: 400 }],
    ['in words, as a 200', { kind: 'session-closed', httpStatus: 200 }],
    ['by WhatsApp’s code', { kind: 'reject', errors: [{ code: 131047, title: 'Re-engagement message' }] }],
  ])('is shut in the ledger, and the id is not burnt: %s', async (_how, fault) => {
    const to = await fleet.newCustomer();
    const flow = fleet.flow({ to });
    const path = `/v1/sessions/${fleet.business}/${to}`;
    expect((await fleet.call('GET', path)).json).toMatchObject({ open: true });
    await fleet.lipachat.fail(fault, { messageId: flow.messageId, times: null });
    const refused = await fleet.send(flow);
    expect(refused).toMatchObject({ status: 409, json: { code: 'session-closed' } });
    expect((await fleet.call('GET', path)).json).toMatchObject({ open: false });
    expect(await fleet.table.message(flow.messageId)).toBeUndefined();

    const other = fleet.flow({ to });
    expect(await fleet.send(other)).toMatchObject({ status: 409, json: { code: 'session-closed' } });
    expect(await fleet.lipachat.calls(other.messageId)).toEqual([]);

    await fleet.lipachat.mend();
    await fleet.lipachat.writeIn(to, { to: fleet.business });
    expect(await fleet.send(flow)).toMatchObject({ status: 201 });
    expect(await fleet.lipachat.deliveries(flow.messageId)).toHaveLength(1);
  });
});
