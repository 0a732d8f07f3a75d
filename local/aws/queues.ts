/** The queues of infra/*.yml, as input of SQS's CreateQueue. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';
import { ACCOUNT_ID, REGION } from '../lambda.ts';

export type QueueDefinition = {
  /** The logical id, which is the queue's name locally. On AWS, the name is generated. */
  name: string;
  attributes: Record<string, string>;
};

const FILES = ['queues.yml', 'events.yml', 'schedules.yml'];

// Strict: don't ignore a property that the local queue doesn't support, such as FIFO.
const properties = z.strictObject({
  VisibilityTimeout: z.number().optional(),
  MessageRetentionPeriod: z.number().optional(),
  ReceiveMessageWaitTimeSeconds: z.number().optional(),
  DelaySeconds: z.number().optional(),
  SqsManagedSseEnabled: z.boolean().optional(),
  RedrivePolicy: z
    .strictObject({
      deadLetterTargetArn: z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) }),
      maxReceiveCount: z.number(),
    })
    .optional(),
});

const template = z.object({ Resources: z.record(z.string(), z.looseObject({ Type: z.string() })) });

export const queueArn = (name: string): string => `arn:aws:sqs:${REGION}:${ACCOUNT_ID}:${name}`;

/** The URL of a queue, by its logical id. */
export const queueUrl = (sqsUrl: string, name: string): string => `${sqsUrl}/${ACCOUNT_ID}/${name}`;

const attributesOf = (source: unknown): Record<string, string> => {
  const { RedrivePolicy: redrive, SqsManagedSseEnabled: _, ...numbers } = properties.parse(source);
  const attributes = Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [name, String(value)]),
  );
  if (!redrive) return attributes;
  const [target] = redrive.deadLetterTargetArn['Fn::GetAtt'];
  const policy = { deadLetterTargetArn: queueArn(target), maxReceiveCount: redrive.maxReceiveCount };
  return { ...attributes, RedrivePolicy: JSON.stringify(policy) };
};

const queuesIn = (file: string): QueueDefinition[] => {
  const source = readFileSync(new URL(`../../infra/${file}`, import.meta.url), 'utf8');
  return Object.entries(template.parse(parse(source)).Resources)
    .filter(([, { Type }]) => Type === 'AWS::SQS::Queue')
    .map(([name, resource]) => ({ name, attributes: attributesOf(resource['Properties'] ?? {}) }));
};

/** All queues of the stack. Throws if a file has a property without a local counterpart. */
export const readQueues = (): QueueDefinition[] => FILES.flatMap(queuesIn);
