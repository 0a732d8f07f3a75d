/** Whether a local queue has nothing to deliver and nothing in flight. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';

const LOOK_AGAIN_MS = 5;

const counts = z.array(
  z.object({
    name: z.string(),
    approximateMessageCount: z.number(),
    approximateInflightCount: z.number(),
  }),
);

const isIdle = async (sqsUrl: string, queueName: string): Promise<boolean> => {
  const response = await fetch(`${sqsUrl}/_fauxqs/queues`);
  const queue = counts.parse(await response.json()).find(({ name }) => name === queueName);
  return !queue || queue.approximateMessageCount + queue.approximateInflightCount === 0;
};

/** Resolves once the queue is idle, or after `withinMs`. */
export const whenIdle = async (sqsUrl: string, queueName: string, withinMs = 5_000): Promise<void> => {
  const end = performance.now() + withinMs;
  while (performance.now() < end && !(await isIdle(sqsUrl, queueName))) await sleep(LOOK_AGAIN_MS);
};
