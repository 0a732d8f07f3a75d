import { PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { until } from '../../support/fleet/wait.ts';
import { BUSINESS, flow, type System } from '../system.ts';

type BusEvent = { source: string; 'detail-type': string; detail: Record<string, unknown> };

/** Creates a queue and, as the account's owner, a rule on the bus that leads to it. Resolves to the queue's URL. */
const subscribe = async ({ account, outputs }: System): Promise<string> => {
  const { sqs, events } = account;
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'owner-of-the-account' }));
  const asked = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] });
  const Arn = (await sqs.send(asked)).Attributes?.['QueueArn'] ?? '';
  const rule = { Name: 'owner-of-the-account', EventBusName: outputs['EventBusName'] };
  const { RuleArn } = await events.send(
    new PutRuleCommand({ ...rule, EventPattern: '{"source":["lipaflow"]}' }),
  );
  const allowed = {
    Effect: 'Allow',
    Principal: { Service: 'events.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: Arn,
    Condition: { ArnEquals: { 'aws:SourceArn': RuleArn } },
  };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [allowed] });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  const { EventBusName, Name: Rule } = rule;
  await events.send(new PutTargetsCommand({ Rule, EventBusName, Targets: [{ Id: 'queue', Arn }] }));
  return QueueUrl;
};

export const events = (system: () => System): void => {
  describe("the table's stream", () => {
    it('delivers every event of a message to a consumer with a rule on the bus', async () => {
      const { app, customer, lipachat, account } = system();
      const QueueUrl = await subscribe(system());
      const body = flow(customer(), { whenClosed: 'park' });
      expect((await app('POST', '/v1/flows', { body })).status).toBe(202);
      await lipachat.writeIn(body.to, { to: BUSINESS });
      await until(
        'the parked flow to go',
        async () => (await lipachat.deliveries(body.messageId)).length > 0,
      );
      await lipachat.report(body.messageId, 'DELIVERED');
      await lipachat.report(body.messageId, 'READ');

      const told = new Map<unknown, BusEvent>();
      const receive = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 });
      await until(
        'the last event',
        async () => {
          for (const { Body = '{}', ReceiptHandle } of (await account.sqs.send(receive)).Messages ?? []) {
            const event = JSON.parse(Body) as BusEvent;
            told.set(event.detail['eventId'], event);
            await account.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
          }
          return [...told.values()].some(({ 'detail-type': type }) => type === 'message.read');
        },
        30_000,
      );
      const about = [...told.values()].filter(({ detail }) => detail['messageId'] === body.messageId);
      expect(new Set(about.map(({ 'detail-type': type }) => type))).toEqual(
        new Set(['message.parked', 'message.sent', 'message.delivered', 'message.read']),
      );
      const opened = [...told.values()].filter(({ 'detail-type': type }) => type === 'session.opened');
      expect(opened.map(({ detail }) => detail['to'])).toContain(body.to);
      for (const { source, detail } of told.values()) {
        expect(source).toBe('lipaflow');
        expect(detail).toMatchObject({ eventId: expect.any(String), version: 1, at: expect.any(String) });
      }
    });
  });
};
