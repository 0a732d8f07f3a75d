/** A function as Lambda runs it: its unzipped package under AWS's runtime client, inside AWS's emulator. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { bootstrapOptions } from '../support/bootstrap.ts';
import { freePort } from '../support/free-port.ts';
import { CLIENT, EMULATOR } from './places.ts';

type LambdaOptions = {
  name: string;
  /** As in serverless.yml, for example dist/sendFlow.handler */
  handler: string;
  memoryMb: number;
  timeoutMs: number;
  /** The unzipped package. */
  task: string;
  env: Record<string, string>;
};

export type Lambda = {
  /** What the function answers, or `{ errorType, errorMessage }`. The first event starts the function. */
  invoke: (event: unknown) => Promise<unknown>;
  /** What the emulator and the function wrote. */
  output: () => string;
  stop: () => Promise<void>;
};

const READY_MS = 20_000;

/** The variables that Lambda sets itself. */
const ownVariables = ({ name, memoryMb, timeoutMs, task }: LambdaOptions): Record<string, string> => ({
  LAMBDA_TASK_ROOT: task,
  AWS_LAMBDA_FUNCTION_NAME: `lipaflow-dev-${name}`,
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: `${memoryMb}`,
  AWS_LAMBDA_FUNCTION_TIMEOUT: `${timeoutMs / 1000}`,
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  AWS_SESSION_TOKEN: 'local',
  TZ: ':UTC',
});

const isListening = async (url: string): Promise<boolean> =>
  fetch(url).then(
    () => true,
    () => false,
  );

const whenListening = async (url: string, child: ChildProcess, output: () => string): Promise<void> => {
  const end = performance.now() + READY_MS;
  while (!(await isListening(url))) {
    if (child.exitCode !== null || performance.now() > end)
      throw new Error(`no emulator at ${url}: ${output()}`);
    await delay(50);
  }
};

/** Starts the emulator on free ports, with `env` and what Lambda sets as the whole environment. */
export const startLambda = async (options: LambdaOptions): Promise<Lambda> => {
  const { handler, memoryMb, task } = options;
  if (!existsSync(EMULATOR)) throw new Error('not installed: npm run test:runtime does that');
  const [port, api] = await Promise.all([freePort(), freePort()]);
  const addresses = [
    ...['--runtime-interface-emulator-address', `127.0.0.1:${port}`],
    ...['--runtime-api-address', `127.0.0.1:${api}`],
  ];
  const bootstrap = [process.execPath, ...bootstrapOptions(memoryMb), CLIENT.entry, handler];
  const env = { PATH: process.env['PATH'] ?? '', ...options.env, ...ownVariables(options) };
  const child = spawn(EMULATOR, [...addresses, ...bootstrap], { cwd: task, env });
  let written = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      written += text;
    });
  }
  const output = (): string => written;
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}/2015-03-31/functions/function/invocations`;
  await whenListening(`http://127.0.0.1:${port}/`, child, output);
  return {
    output,
    invoke: async (event) => {
      const response = await fetch(url, { method: 'POST', body: JSON.stringify(event) });
      return response.json();
    },
    // By SIGTERM, upon which it ends the function, too.
    stop: async () => {
      child.kill();
      await exited;
    },
  };
};
