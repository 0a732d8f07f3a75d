/** What was given up: listed, and moved back to where it came from. No worker takes from the queues here. */
import { ReceiveMessageCommand, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ops, opsHere } from '../support/ops.ts';
import { type OpsWorld, startOpsWorld } from '../support/ops-world.ts';

const COUNT = 23;
const bodies = Array.from({ length: COUNT }, (_, n) => JSON.stringify({ messageId: `given-up-${n}` }));

let world: OpsWorld;
const QUEUE = 'DeliveryDeadLetterQueue';

beforeAll(async () => {
  world = await startOpsWorld();
  for (let start = 0; start < COUNT; start += 10) {
    const Entries = bodies.slice(start, start + 10).map((MessageBody, index) => ({
      Id: String(index),
      MessageBody,
      MessageAttributes: { origin: { DataType: 'String', StringValue: 'test' } },
    }));
    await world.sqs.send(new SendMessageBatchCommand({ QueueUrl: world.queueUrl(QUEUE), Entries }));
  }
});
afterAll(() => world.close());

const dlq = (...args: string[]) => ops(['dlq', ...args, '--stage', 'local'], { env: world.env });

/** All that is in it, as far as it can be received. */
const contentsOf = async (name: string) => {
  const found: { body: string | undefined; origin: string | undefined }[] = [];
  for (;;) {
    const { Messages = [] } = await world.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: world.queueUrl(name),
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 0,
        MessageAttributeNames: ['All'],
      }),
    );
    if (Messages.length === 0) return found;
    found.push(
      ...Messages.map(({ Body, MessageAttributes }) => ({
        body: Body,
        origin: MessageAttributes?.['origin']?.StringValue,
      })),
    );
  }
};

describe('dlq list', () => {
  it('shows every queue in which things end, with how much is in it and since when', async () => {
    const { exitCode, stdout } = await dlq('list');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^DeliveryDeadLetterQueue +23 +\d+ s ago +DeliveryQueue$/m);
    expect(stdout).toMatch(/^PlanDeadLetterQueue +0 +- +PlanQueue$/m);
    expect(stdout).toMatch(/^PublisherFailureQueue +0 +- +cannot be redriven$/m);
    expect(stdout).not.toMatch(/^DeliveryQueue/m);
  });
});

describe('dlq redrive', () => {
  it('moves all of a queue back as it was, and says how far it is', async () => {
    const { exitCode, stdout, stderr } = await dlq('redrive', QUEUE.toLowerCase());
    expect(exitCode).toBe(0);
    expect(stdout).toBe('23 messages moved from DeliveryDeadLetterQueue to DeliveryQueue.\n');
    expect(stderr).toMatch(/^10 moved, of about \d+\n(.*\n)*23 moved, of about 23\n$/);
    const moved = await contentsOf('DeliveryQueue');
    expect(moved.map(({ body }) => body).sort()).toEqual([...bodies].sort());
    expect(new Set(moved.map(({ origin }) => origin))).toEqual(new Set(['test']));
    expect(await contentsOf(QUEUE)).toEqual([]);
  });

  it('has nothing to move out of an empty queue', async () => {
    const args = ['dlq', 'redrive', 'PlanDeadLetterQueue', '--stage', 'local', '--json'];
    const result = await opsHere(args, { env: world.env });
    expect(result.json()).toEqual({ queue: 'PlanDeadLetterQueue', source: 'PlanQueue', moved: 0, left: 0 });
  });

  it.each([
    ['PublisherFailureQueue', 1, /^PublisherFailureQueue holds notes about stream records/],
    ['InvocationFailureQueue', 1, /^InvocationFailureQueue holds events, .*runbook/],
    ['DeliveryQueue', 2, /^there is no dead-letter queue DeliveryQueue; there are DeliveryDeadLetterQueue, /],
  ])('refuses %s with exit code %i', async (queue, code, reason) => {
    const result = await opsHere(['dlq', 'redrive', queue, '--stage', 'local'], { env: world.env });
    expect(result.exitCode).toBe(code);
    expect(result.stderr).toMatch(reason);
  });
});
