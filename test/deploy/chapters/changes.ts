import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { isReplay } from '../../support/fleet/answer.ts';
import { BUSINESS, flow, type System, TOKENS } from '../system.ts';
import { makeUserLike } from '../user.ts';

const ROLES = 'infra/roles.yml';
const BUNDLE = 'dist/readApi.cjs';
const MAY_READ_CLIENTS = /Sid: ReadClients\s+Effect: Allow\s+Action: \[(dynamodb:GetItem)\]/;

export const changes = (system: () => System): void => {
  describe('serverless invoke', () => {
    it('sends a flow through the function itself, and prints the receipt', async () => {
      const { service, customer, lipachat } = system();
      const body = flow(customer());
      await lipachat.writeIn(body.to, { to: BUSINESS });
      const invoked = await service.serverless('invoke', '-f', 'sendFlow', '-d', JSON.stringify(body));
      expect(invoked.code).toBe(0);
      expect(JSON.parse(invoked.output)).toMatchObject({
        statusCode: 201,
        body: { messageId: body.messageId, status: 'sent' },
      });
      expect(await lipachat.deliveries(body.messageId)).toHaveLength(1);
    });

    it('prints the problem when the flow is refused', async () => {
      const { service, customer } = system();
      const body = JSON.stringify(flow(customer()));
      const invoked = await service.serverless('invoke', '-f', 'sendFlow', '-d', body);
      expect(JSON.parse(invoked.output)).toMatchObject({ statusCode: 409, body: { code: 'session-closed' } });
    });
  });

  describe('the IAM roles', () => {
    it('were sufficient so far: no call of a function was refused', async () => {
      expect(await system().emulator.refusals()).toEqual([]);
    });

    it('fence the writes of each function: that of callbacks puts no client', async () => {
      const { account, emulator, outputs } = system();
      const TableName = outputs['TableName'] ?? '';
      const like = account.dynamodbOf(await makeUserLike(emulator, 'CallbacksRole'));
      const put = (pk: string) => like.send(new PutItemCommand({ TableName, Item: { pk: { S: pk } } }));
      for (const pk of ['client#x', 'namespace#x', 'campaign#x', 'x'])
        await expect(put(pk)).rejects.toMatchObject({ name: expect.stringContaining('AccessDenied') });
      const refused = (await emulator.refusals()).filter((line) => line.includes('like-CallbacksRole'));
      expect(refused).toHaveLength(4);
      await put('inbound#x');
      await like.send(new DeleteItemCommand({ TableName, Key: { pk: { S: 'inbound#x' } } }));
    });
  });

  describe('another deployment', () => {
    it('updates the bundle, and keeps the stored data', { timeout: 120_000 }, async () => {
      const { service, app, customer, lipachat } = system();
      const body = flow(customer());
      await lipachat.writeIn(body.to, { to: BUSINESS });
      const first = await app('POST', '/v1/flows', { body });
      const { version } = (await app('GET', '/v1/health')).json;
      service.change(BUNDLE, `"${String(version)}"`, () => '"0.0.0-changed"');
      expect(await service.serverless('deploy')).toMatchObject({ code: 0 });
      expect((await app('GET', '/v1/health')).json['version']).toBe('0.0.0-changed');
      const again = await app('POST', '/v1/flows', { body });
      expect([isReplay(again), again.text]).toEqual([true, first.text]);
    });

    it('with one permission less in a role stops its function: roles are enforced', {
      timeout: 180_000,
    }, async () => {
      const { service, emulator, call, customer } = system();
      service.change(ROLES, MAY_READ_CLIENTS, (found) =>
        found.replace('dynamodb:GetItem', 'dynamodb:ListStreams'),
      );
      expect(await service.serverless('deploy')).toMatchObject({ code: 0 });
      const path = `/v1/sessions/${BUSINESS}/${customer()}`;
      const refused = await call('GET', path, { token: 'not-yet-seen-by-the-cache' });
      expect(refused.status).toBe(500);
      expect((await emulator.refusals()).join()).toMatch(/AuthorizerRole.*dynamodb:GetItem/);

      service.restore(ROLES);
      service.restore(BUNDLE);
      expect(await service.serverless('deploy')).toMatchObject({ code: 0 });
      expect((await call('GET', path, { token: 'not-yet-seen-by-the-cache' })).status).toBe(403);
      expect((await call('GET', path, { token: TOKENS.reader })).status).toBe(200);
    });
  });
};
