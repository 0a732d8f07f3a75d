/** How many batches of each queue are handled at once, from infra/concurrency.cjs and a stage's params. */
import { createRequire } from 'node:module';
import * as z from 'zod';

/** By the queue's name in infra/concurrency.cjs. */
export type Concurrency = Readonly<Record<string, number>>;

type ConcurrencyFor = (params: z.output<typeof concurrencyParams>) => Concurrency;

export const concurrencyParams = z.object({
  numbers: z.number(),
  slowestSend: z.number(),
  accountConcurrency: z.number(),
});

const REFERENCE = /^\$\{file\(infra\/concurrency\.cjs\):(\w+)\}$/;

/** A reference of serverless.yml to infra/concurrency.cjs. Its output is the queue's name there. */
export const concurrencyReference = z
  .string()
  .regex(REFERENCE)
  .transform((text) => REFERENCE.exec(text)?.[1] ?? '');

export const concurrencyOf = (params: z.output<typeof concurrencyParams>): Concurrency => {
  const { concurrencyFor } = createRequire(import.meta.url)('../infra/concurrency.cjs') as {
    concurrencyFor: ConcurrencyFor;
  };
  return concurrencyFor(params);
};
