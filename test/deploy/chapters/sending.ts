import { describe, expect, it } from 'vitest';
import { isReplay } from '../../support/fleet/answer.ts';
import { until } from '../../support/fleet/wait.ts';
import { BUSINESS, flow, type System, TOKENS, WEBHOOK_SECRET } from '../system.ts';

export const sending = (system: () => System): void => {
  const whenStatus = (messageId: string, status: string, withinMs = 100_000) =>
    until(
      `${messageId} to be ${status}`,
      async () => {
        const read = await system().app('GET', `/v1/messages/${messageId}`);
        return read.json.status === status && read;
      },
      withinMs,
    );

  describe('the webhook', () => {
    it('refuses a wrong secret with 401', async () => {
      const { call } = system();
      const path = `/v1/webhooks/lipachat/${WEBHOOK_SECRET.slice(0, -1)}`;
      expect((await call('POST', path, { body: {} })).status).toBe(401);
    });

    it('opens the window for 24 hours when a customer writes in', async () => {
      const { app, customer, lipachat } = system();
      const asha = customer();
      const { webhook } = await lipachat.writeIn(asha, { to: BUSINESS });
      expect(webhook).toMatchObject([{ status: 200 }]);
      const { json } = await app('GET', `/v1/sessions/${BUSINESS}/${asha}`);
      expect(json).toMatchObject({ from: BUSINESS, to: asha, open: true });
      expect(Date.parse(`${json.expiresAt}`) - Date.parse(`${json.openedAt}`)).toBe(86_400_000);
    });
  });

  describe('an opt-out', () => {
    it("is set through the API, stops sends, and outlives the erasure of the customer's number", async () => {
      const { app, account, customer, lipachat, outputs } = system();
      const body = flow(customer());
      const pair = `${BUSINESS}/${body.to}`;
      await account.putClient(
        { clientId: 'operator', token: 'token-of-the-operator', scopes: ['send', 'admin'] },
        outputs['TableName'] ?? '',
      );
      await lipachat.writeIn(body.to, { to: BUSINESS });
      expect((await app('PUT', `/v1/opt-outs/${pair}`)).status).toBe(204);
      const refused = { status: 422, json: { code: 'recipient-opted-out' } };
      expect(await app('POST', '/v1/flows', { body })).toMatchObject(refused);
      const erased = await app('DELETE', `/v1/contacts/${pair}`, { token: 'token-of-the-operator' });
      expect(erased.status).toBe(204);
      expect((await app('GET', `/v1/sessions/${pair}`)).json).toMatchObject({ open: false });
      expect(await app('POST', '/v1/flows', { body })).toMatchObject(refused);
      expect((await app('DELETE', `/v1/opt-outs/${pair}`)).status).toBe(204);
      expect(await lipachat.calls(body.messageId)).toEqual([]);
    });
  });

  describe('a send', () => {
    it('is refused while the window is closed, and leaves the messageId free', async () => {
      const { app, customer, lipachat } = system();
      const body = flow(customer());
      expect(await app('POST', '/v1/flows', { body })).toMatchObject({
        status: 409,
        json: { code: 'session-closed' },
      });
      await lipachat.writeIn(body.to, { to: BUSINESS });
      expect((await app('POST', '/v1/flows', { body })).status).toBe(201);
    });

    it('goes out once and is replayed byte for byte; another payload or client is refused', async () => {
      const { app, customer, lipachat } = system();
      const body = flow(customer());
      await lipachat.writeIn(body.to, { to: BUSINESS });
      const sent = await app('POST', '/v1/flows', { body });
      expect(sent).toMatchObject({ status: 201, json: { status: 'sent', messageId: body.messageId } });
      expect(sent.headers['location']).toContain(body.messageId);
      const again = await app('POST', '/v1/flows', { body });
      expect(again).toMatchObject({ status: 201, text: sent.text });
      expect(isReplay(again)).toBe(true);
      const reused = { status: 422, json: { code: 'message-id-reused' } };
      expect(await app('POST', '/v1/flows', { body: { ...body, text: 'Another' } })).toMatchObject(reused);
      expect(await app('POST', '/v1/flows', { body, token: TOKENS.other })).toMatchObject(reused);
      const theirs = await app('GET', `/v1/messages/${body.messageId}`, { token: TOKENS.other });
      expect(theirs.status).toBe(404);
      expect(await lipachat.deliveries(body.messageId)).toHaveLength(1);
    });

    // Six processes start at once on a small machine: the store may be too slow for one of them, which then returns
    // 503.
    it('is delivered once for six concurrent callers', async () => {
      const { app, customer, lipachat } = system();
      const body = flow(customer());
      await lipachat.writeIn(body.to, { to: BUSINESS });
      const answers = await Promise.all(Array.from({ length: 6 }, () => app('POST', '/v1/flows', { body })));
      const others = answers.filter(({ status }) => ![201, 409, 503].includes(status));
      expect(others).toEqual([]);
      expect((await app('POST', '/v1/flows', { body })).status).toBe(201);
      expect(await lipachat.deliveries(body.messageId)).toHaveLength(1);
    });

    it("advances with LipaChat's statuses, and shows the customer's reply", async () => {
      const { app, customer, lipachat } = system();
      const body = flow(customer());
      await lipachat.writeIn(body.to, { to: BUSINESS });
      expect((await app('POST', '/v1/flows', { body })).status).toBe(201);
      await lipachat.report(body.messageId, 'DELIVERED', { repeat: 2 });
      await lipachat.report(body.messageId, 'READ');
      await lipachat.fillIn(body.to, { messageId: body.messageId, response: { package: 'Gold' } });
      const read = await until('its reply and the status read', async () => {
        const { json } = await app('GET', `/v1/messages/${body.messageId}`);
        return json['reply'] !== undefined && json['status'] === 'read' && json;
      });
      expect(read).toMatchObject({ status: 'read', reply: { response: { package: 'Gold' } } });
    });

    it('can be accepted for later: the queue invokes the worker', async () => {
      const { app, customer, lipachat } = system();
      const body = flow(customer());
      await lipachat.writeIn(body.to, { to: BUSINESS });
      const queued = await app('POST', '/v1/flows', { body, headers: { prefer: 'respond-async' } });
      expect(queued).toMatchObject({ status: 202, json: { status: 'queued' } });
      await whenStatus(body.messageId, 'sent');
      expect(await lipachat.deliveries(body.messageId)).toHaveLength(1);
    });

    it('is parked while the window is closed, and released through the queue when the customer writes', async () => {
      const { app, customer, lipachat } = system();
      const body = flow(customer(), { whenClosed: 'park' });
      expect(await app('POST', '/v1/flows', { body })).toMatchObject({
        status: 202,
        json: { status: 'parked' },
      });
      expect(await lipachat.calls(body.messageId)).toEqual([]);
      await lipachat.writeIn(body.to, { to: BUSINESS });
      await whenStatus(body.messageId, 'sent');
      expect(await lipachat.deliveries(body.messageId)).toHaveLength(1);
    });

    it('with a lost response is settled by the schedule, with one delivery', {
      timeout: 180_000,
    }, async () => {
      const { app, customer, lipachat } = system();
      const body = flow(customer());
      await lipachat.writeIn(body.to, { to: BUSINESS });
      await lipachat.fail({ kind: 'accept-then-reset' }, { messageId: body.messageId, times: 2 });
      expect(await app('POST', '/v1/flows', { body })).toMatchObject({
        status: 202,
        json: { status: 'unknown' },
      });
      await lipachat.mend();
      await whenStatus(body.messageId, 'sent', 170_000);
      expect(await lipachat.deliveries(body.messageId)).toHaveLength(1);
    });
  });
};
