/** The queues of infra/: what doctor compares a stack with, and where dead letters came from. */
import { queueArn, readQueues } from '../local/aws/queues.ts';

export type ExpectedQueue = {
  /** The logical id. */
  name: string;
  /** Its dead-letter queue. */
  redrive: { target: string; maxReceiveCount: number } | undefined;
  /** It has no dead-letter queue, and no function consumes it: it is one itself. */
  last: boolean;
};

type Policy = { deadLetterTargetArn: string; maxReceiveCount: number };

export const expectedQueues = (): ExpectedQueue[] => {
  const queues = readQueues().map(({ name, attributes }) => {
    const { RedrivePolicy: text } = attributes;
    return { name, policy: text ? (JSON.parse(text) as Policy) : undefined };
  });
  const targetOf = (policy: Policy): string =>
    queues.find(({ name }) => queueArn(name) === policy.deadLetterTargetArn)?.name ?? '';
  return queues.map(({ name, policy }) => ({
    name,
    redrive: policy && { target: targetOf(policy), maxReceiveCount: policy.maxReceiveCount },
    last: policy === undefined,
  }));
};

/** The queue that this one is the dead-letter queue of. */
export const sourceOf = (deadLetterQueue: string): string | undefined =>
  expectedQueues().find(({ redrive }) => redrive?.target === deadLetterQueue)?.name;
