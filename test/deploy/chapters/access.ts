import { describe, expect, it } from 'vitest';
import { until } from '../../support/fleet/wait.ts';
import { BUSINESS, flow, type System, TOKENS } from '../system.ts';

export const access = (system: () => System): void => {
  describe('the authorizer in front of the API', () => {
    it('refuses a request without a token with 401', async () => {
      const { call, customer } = system();
      expect(await call('POST', '/v1/flows', { body: flow(customer()) })).toMatchObject({
        status: 401,
        json: { message: 'Unauthorized' },
      });
    });

    it.each([
      ['a wrong token', 'no-such-token'],
      ['a revoked token', TOKENS.former],
      ['a token without the route’s scope', TOKENS.reader],
    ])('refuses %s with 403, and nothing is sent', async (_what, token) => {
      const { call, customer, lipachat } = system();
      const body = flow(customer());
      const refused = await call('POST', '/v1/flows', { token, body });
      expect(refused).toMatchObject({ status: 403, json: { message: 'Forbidden' } });
      expect(await lipachat.calls(body.messageId)).toEqual([]);
    });

    it('checks a token for each route: it may be allowed to read and not to send', async () => {
      const { call, customer } = system();
      const path = `/v1/sessions/${BUSINESS}/${customer()}`;
      const token = TOKENS.reader;
      expect((await call('POST', '/v1/flows', { token, body: flow(customer()) })).status).toBe(403);
      expect(await call('GET', path, { token })).toMatchObject({ status: 200, json: { open: false } });
      expect((await call('POST', '/v1/flows', { token, body: flow(customer()) })).status).toBe(403);
    });

    it('accepts a revoked token for no longer than its cache lasts', { timeout: 100_000 }, async () => {
      const { call, account, customer, outputs } = system();
      const path = `/v1/sessions/${BUSINESS}/${customer()}`;
      const token = 'token-that-is-revoked-in-use';
      const leaving = { clientId: 'leaving', scopes: ['read'], token };
      await account.putClient(leaving, outputs['TableName'] ?? '');
      expect((await call('GET', path, { token })).status).toBe(200);
      await account.putClient({ ...leaving, revokedAt: new Date() }, outputs['TableName'] ?? '');
      const refused = async () => (await call('GET', path, { token })).status === 403;
      await until('the token to be refused', refused, 61_000);
    });

    it('has no other routes', async () => {
      const { app } = system();
      expect((await app('GET', '/v1/nothing')).status).toBe(404);
      expect((await app('DELETE', '/v1/flows')).status).toBe(404);
    });
  });
};
