/** What limits a token, and what an operator sees of its use. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet({ settings: { LOG_LEVEL: 'INFO' }, ownProcesses: true });
});
afterAll(() => fleet.stop());

/** Reads a message that is not there, from an address of this machine: 404 if the token is good. */
const readFrom = async (localAddress: string, token: string): Promise<IncomingMessage> => {
  const headers = { authorization: `Bearer ${token}` };
  const asked = request(`${fleet.url}/v1/messages/not-there`, { localAddress, headers, agent: false });
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  response.resume();
  return response;
};
const statusFrom = async (address: string, token: string) => (await readFrom(address, token)).statusCode;

describe('a token that is limited to addresses', () => {
  it('is good from there alone, whichever address asks first', async () => {
    const [here, there] = ['127.0.0.1', '127.0.0.2'];
    for (const order of [
      [here, there],
      [there, here],
    ]) {
      const token = await fleet.newClient(['read'], { sources: ['127.0.0.2/32'] });
      // The second time, API Gateway answers from its cache.
      for (const address of [...order, ...order])
        expect([address, await statusFrom(address, token)]).toEqual([address, address === there ? 404 : 403]);
    }
  });
});

describe('a token that expires', () => {
  it('is good until then, and no more after it', async () => {
    const expired = await fleet.newClient(['read'], { expiresAt: Date.now() - 1 });
    expect(await statusFrom('127.0.0.1', expired)).toBe(403);
    const token = await fleet.newClient(['read'], { expiresAt: Date.now() + 3_600_000 });
    expect(await statusFrom('127.0.0.1', token)).toBe(404);
  });
});

describe('a refusal', () => {
  it('is in the log with its reason, under the request id that the caller sees', async () => {
    const token = await fleet.newClient(['send']);
    const response = await readFrom('127.0.0.1', token);
    const requestId = response.headers['apigw-requestid'];
    expect([response.statusCode, typeof requestId]).toEqual([403, 'string']);
    const output = () => fleet.workers['authorizer']?.map((worker) => worker.output()).join('\n') ?? '';
    await expect.poll(output, { timeout: 100_000 }).toContain(requestId);
    const line = output()
      .split('\n')
      .find((one) => one.includes(String(requestId)));
    expect(JSON.parse(line ?? '')).toMatchObject({
      message: 'client.refused',
      reason: 'scope',
      route: 'GET /v1/messages/{messageId}',
      clientId: expect.stringMatching(/^client-/),
    });
    expect(output()).not.toContain(token);
  });
});

describe('the use of a token', () => {
  it('is noted by day, in one write', async () => {
    const token = await fleet.newClient(['read']);
    const stored = async () => (await fleet.table.client(token)) ?? expect.fail();
    expect((await stored())['lastUsedOn']).toBeUndefined();
    expect(await statusFrom('127.0.0.1', token)).toBe(404);
    const after = await stored();
    expect(after['lastUsedOn']).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect((await fleet.call('GET', '/v1/sessions/254110090747/254717746565', { token })).status).toBe(200);
    expect((await stored())['rev']).toBe(after['rev']);
  });
});
