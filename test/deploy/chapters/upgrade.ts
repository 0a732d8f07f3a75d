import { DescribeTableCommand, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { isReplay } from '../../support/fleet/answer.ts';
import { until } from '../../support/fleet/wait.ts';
import { BUSINESS, flow, type System } from '../system.ts';
import { templateOf } from '../template.ts';

type Body = ReturnType<typeof flow>;

const TABLE = 'infra/table.yml';
/** The index that 0.1 did not have, and its keys. */
const PAIR = [
  / *# By business number and customer[\s\S]*?KEYS_ONLY }\n *WarmThroughput: .*\n/,
  / *- \{ AttributeName: pair, AttributeType: S \}\n *- \{ AttributeName: stage, AttributeType: S \}\n/,
];

/** The deployments of docs/upgrading.md, "From 0.1.0". */
export const upgrade = (system: () => System): void => {
  const deploy = async (...params: string[]) => {
    const { service } = system();
    expect(await service.serverless('deploy', ...params)).toMatchObject({ code: 0 });
    return templateOf(system()).Resources['Table'];
  };
  const first = () => deploy('--param', 'packMessages=false');
  const second = () => deploy();

  const indexes = async () => {
    const { account, outputs } = system();
    const described = await account.dynamodb.send(
      new DescribeTableCommand({ TableName: outputs['TableName'] }),
    );
    return described.Table?.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName);
  };
  const stored = async ({ messageId }: Body) => {
    const { account, outputs } = system();
    const Key = { pk: { S: `message#${messageId}` } };
    const found = await account.dynamodb.send(new GetItemCommand({ TableName: outputs['TableName'], Key }));
    return Object.keys(found.Item ?? {});
  };
  /** A flow to a customer who has written in, and LipaFlow's response. */
  const send = async () => {
    const { app, customer, lipachat } = system();
    const body = flow(customer());
    await lipachat.writeIn(body.to, { to: BUSINESS });
    const answer = await app('POST', '/v1/flows', { body });
    expect(answer).toMatchObject({ status: 201, json: { status: 'sent' } });
    return { body, answer };
  };
  const isRepeated = async ({ body, answer }: Awaited<ReturnType<typeof send>>) => {
    const { app, lipachat } = system();
    const again = await app('POST', '/v1/flows', { body });
    expect([again.status, isReplay(again), again.text]).toEqual([201, true, answer.text]);
    expect(await lipachat.deliveries(body.messageId)).toHaveLength(1);
  };
  const advances = async ({ messageId, to }: Body) => {
    const { app, lipachat } = system();
    await lipachat.report(messageId, 'DELIVERED');
    await lipachat.report(messageId, 'READ');
    await lipachat.fillIn(to, { messageId, response: { package: 'Gold' } });
    await until(`the reply to ${messageId}`, async () => {
      const { json } = await app('GET', `/v1/messages/${messageId}`);
      return json.status === 'read' && JSON.stringify(json['reply'] ?? '').includes('Gold');
    });
  };

  describe('the two deployments over 0.1', () => {
    let old: Awaited<ReturnType<typeof send>>;
    let packed: Awaited<ReturnType<typeof send>>;
    let parked: Body;
    let table: unknown;

    it('bring the index `pair` to the table of 0.1, with the first', { timeout: 180_000 }, async () => {
      for (const part of PAIR) system().service.change(TABLE, part, () => '');
      await second();
      expect(await indexes()).toEqual(['due', 'waId']);
      system().service.restore(TABLE);
      table = await first();
      expect(await indexes()).toEqual(['due', 'waId', 'pair']);
    });

    it('store messages as 0.1 does, with the first', async () => {
      old = await send();
      expect(await stored(old.body)).toEqual(expect.arrayContaining(['request', 'answer']));
      expect(await stored(old.body)).not.toContain('packed');
      const { app, customer } = system();
      parked = flow(customer(), { whenClosed: 'park' });
      expect(await app('POST', '/v1/flows', { body: parked })).toMatchObject({ status: 202 });
      await isRepeated(old);
    });

    it('pack new messages, with the second, in the same table', { timeout: 120_000 }, async () => {
      expect(await second()).toEqual(table);
      packed = await send();
      expect(await stored(packed.body)).toContain('packed');
      expect(await stored(packed.body)).not.toContain('request');
      await isRepeated(packed);
    });

    it('repeat, advance and release what the first stored', async () => {
      const { app, lipachat } = system();
      await isRepeated(old);
      await advances(old.body);
      await isRepeated(old);
      await lipachat.writeIn(parked.to, { to: BUSINESS });
      await until(`${parked.messageId} to be sent`, async () => {
        const { json } = await app('GET', `/v1/messages/${parked.messageId}`);
        return json.status === 'sent';
      });
      expect(await lipachat.deliveries(parked.messageId)).toHaveLength(1);
    });

    it('lead back to the first, which reads what the second packed', { timeout: 120_000 }, async () => {
      expect(await first()).toEqual(table);
      await isRepeated(packed);
      await advances(packed.body);
      await isRepeated(packed);
    });
  });
};
