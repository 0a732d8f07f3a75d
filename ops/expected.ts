/** What infra/ says that a stack has: what doctor compares with, and where dead letters came from. */
import { queueArn, readQueues } from '../local/queues.ts';

export type ExpectedQueue = {
  /** Its logical id. */
  name: string;
  /** Where it gives up to. */
  redrive: { target: string; maxReceiveCount: number } | undefined;
  /** Nothing takes from it: what is in it was given up. */
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

/** The queue that gives up to this one. */
export const sourceOf = (deadLetterQueue: string): string | undefined =>
  expectedQueues().find(({ redrive }) => redrive?.target === deadLetterQueue)?.name;
