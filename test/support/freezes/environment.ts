/** A Lambda environment of one function: a process that stops whenever it asks for its next event. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FunctionDefinition } from '../../../local/stack.ts';
import { loadedFile } from '../bootstrap.ts';
import { spawnChild, whenReady } from '../children.ts';
import { until } from '../fleet/wait.ts';
import { environmentOf } from '../worker.ts';

/** When a process stops: so many turns of its event loop after it asked for an event, and then milliseconds. */
export type Stop = { turns: number; ms: number };

export type Outcome = { result?: unknown; error?: { name: string; message: string } };

export type LambdaEnvironment = {
  /** Until the process has stopped. */
  frozen: () => Promise<void>;
  thaw: () => void;
  /** Hands it an event, frozen or not: its outcome, after which the process stops again. */
  invoke: (event: unknown, thenStop: Stop) => Promise<Outcome>;
  /** Ends the process without thawing it, as Lambda does. Returns all that it has written. */
  reclaim: () => Promise<string>;
};

type Message = { ready: true } | { outcome: Outcome };

const ROOT = new URL('../../../', import.meta.url);
const FROZEN_WITHIN_MS = 30_000;
const LOOK_AGAIN_MS = 2;

const isStopped = (pid: number): boolean => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the command, in brackets, comes before the state.
  return stat[stat.lastIndexOf(')') + 2] === 'T';
};

/** Starts it. Resolves when the bundle is loaded; `firstStop` counts from then. */
export const startEnvironment = async (
  definition: FunctionDefinition,
  env: Record<string, string>,
  firstStop: Stop,
): Promise<LambdaEnvironment> => {
  const { handler, timeoutMs } = definition;
  const dot = handler.lastIndexOf('.');
  const bundle = loadedFile(fileURLToPath(new URL(handler.slice(0, dot), ROOT)));
  const { process: child, ...rest } = spawnChild({
    file: 'test/support/freezes/host.mjs',
    args: [bundle, handler.slice(dot + 1), JSON.stringify(firstStop)],
    env: environmentOf(definition, env),
  });
  let settle: ((outcome: Outcome) => void) | undefined;
  const ready = new Promise<void>((resolve) => {
    child.on('message', (message: Message) => {
      if ('ready' in message) resolve();
      else settle?.(message.outcome);
    });
  });
  await whenReady(rest, ready);

  const invoke: LambdaEnvironment['invoke'] = (event, thenStop) => {
    const answered = new Promise<Outcome>((resolve) => {
      settle = resolve;
    });
    child.send({ event, thenStop, timeoutMs, awsRequestId: randomUUID() });
    const ended = rest.ended.then(() => ({ error: { name: 'Ended', message: rest.output() } }));
    return Promise.race([answered, ended]);
  };

  return {
    frozen: async () => {
      await until('the process to stop', async () => isStopped(rest.pid), FROZEN_WITHIN_MS, LOOK_AGAIN_MS);
    },
    thaw: () => rest.kill('SIGCONT'),
    invoke,
    reclaim: async () => {
      await rest.stop();
      return rest.output();
    },
  };
};
