import { DeleteRuleCommand, RemoveTargetsCommand } from '@aws-sdk/client-eventbridge';
import { DeleteObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { DeleteQueueCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import type { System } from '../system.ts';

const OWNERS = 'owner-of-the-account';

/** What the owner does first: the bus cannot be removed while it has their rules, nor a bucket with files in it. */
const clearTheWay = async ({ account, outputs }: System): Promise<void> => {
  const { events, sqs, s3 } = account;
  const EventBusName = outputs['EventBusName'];
  await events.send(new RemoveTargetsCommand({ Rule: OWNERS, EventBusName, Ids: ['queue'] }));
  await events.send(new DeleteRuleCommand({ Name: OWNERS, EventBusName }));
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: OWNERS }));
  await sqs.send(new DeleteQueueCommand({ QueueUrl }));
  const Bucket = outputs['RecipientsBucketName'];
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  for (const { Key } of Contents) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
};

export const removal = (system: () => System): void => {
  describe('the removal', () => {
    it('leaves the secrets, which the stack did not create, and nothing else', {
      timeout: 120_000,
    }, async () => {
      const { service, account } = system();
      await clearTheWay(system());
      expect(await service.serverless('remove')).toMatchObject({ code: 0 });
      const left = Object.entries(await account.holdings()).filter(([, names]) => names.length > 0);
      expect(left).toEqual([
        [
          'parameters',
          ['erasure/key', 'lipachat/api-key', 'webhook/secret'].map((name) => `/lipaflow/proof/${name}`),
        ],
      ]);
    });
  });
};
