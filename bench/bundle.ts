/** Runs a bundle in its own process, hosted by bench/lambda.mjs, and measures each call. */
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { bootstrapOptions } from '../test/support/bootstrap.ts';

/** Times in milliseconds. */
export interface Call {
  readonly answer?: {
    readonly statusCode?: number;
    readonly body?: string;
    readonly batchItemFailures?: readonly unknown[];
  };
  /** The text of a thrown error. */
  readonly fault?: string;
  /** From the event to the response, measured inside the process. */
  readonly ms: number;
  /** User and system time of all threads. */
  readonly cpuMs: number;
}

export interface Bundle {
  readonly pid: number;
  /** From the start of the process until the bundle was loaded, and the loading alone; ms. */
  readonly loadedMs: number;
  readonly initMs: number;
  /** Calls the function. Thaws the process if it is frozen; `thenFreeze` freezes it after the answer. */
  invoke(event: object, options?: InvokeOptions): Promise<Call>;
  /** Waits until the process is frozen, and `ms` longer. */
  frozenFor(ms: number): Promise<void>;
  stop(): void;
}

interface InvokeOptions {
  readonly thenFreeze?: boolean;
  /** The invocation's time; by default that of a function behind the API. */
  readonly limitMs?: number;
}

export interface BundleOptions extends StartOptions {
  readonly path: string;
  readonly env: Record<string, string>;
  /** Of the function in serverless.yml: Lambda's bootstrap sets Node's heap limits by it. */
  readonly memoryMb: number;
}

export interface StartOptions {
  /** Freeze the process as soon as the bundle is loaded. */
  readonly freeze?: boolean;
  /** The file by which a process enters a control group (cpu-share.ts). */
  readonly procs?: string | undefined;
}

type Message = { id: number } & Call & { loadedMs: number; initMs: number };

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

function isFrozen(pid: number): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the command, in brackets, comes before the state.
  return stat[stat.lastIndexOf(')') + 2] === 'T';
}

function startProcess({ path, env, memoryMb, freeze, procs }: BundleOptions) {
  const stdio: ('ignore' | 'ipc')[] = ['ignore', 'ignore', 'ignore', 'ipc'];
  const execArgv = bootstrapOptions(memoryMb);
  const args = [path, JSON.stringify({ freeze, procs })];
  const child = fork(new URL('lambda.mjs', import.meta.url), args, { env, execArgv, stdio });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${path} did not start`);
  running.add(child);
  child.once('exit', () => running.delete(child));
  return { child, pid };
}

/** The process, not yet loaded: what is invoked now waits for it, as an event does that starts an environment. */
function launch(options: BundleOptions) {
  const { path } = options;
  const { child, pid } = startProcess(options);
  const waiting = new Map<number, (message: Message) => void>();
  let count = 0;
  const answerTo = (id: number) => new Promise<Message>((resolve) => waiting.set(id, resolve));
  child.on('message', (message: Message) => {
    waiting.get(message.id)?.(message);
    waiting.delete(message.id);
  });
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', () => reject(new Error(`${path} ended`)));
  });
  ended.catch(() => {});
  const loaded = Promise.race([answerTo(0), ended]);
  const invoke: Bundle['invoke'] = (event, { thenFreeze = false, limitMs = 29_000 } = {}) => {
    count += 1;
    child.send({ id: count, event, thenFreeze, limitMs });
    child.kill('SIGCONT');
    return Promise.race([answerTo(count), ended]);
  };
  const frozenFor = async (ms: number) => {
    while (!isFrozen(pid)) await sleep(1);
    await sleep(ms);
  };
  return { pid, loaded, invoke, frozenFor, stop: () => void child.kill('SIGKILL') };
}

/** Starts the process and discards its log. Rejects if it ends before the bundle is loaded. */
export async function startBundle(options: BundleOptions): Promise<Bundle> {
  const { loaded, ...bundle } = launch(options);
  const { loadedMs, initMs } = await loaded;
  return { ...bundle, loadedMs, initMs };
}

/** One call in a new process, whose event is already waiting. `wholeMs` counts from the start of the process. */
export async function callOnStart(
  options: BundleOptions,
  event: object,
): Promise<Call & { readonly wholeMs: number }> {
  const began = performance.now();
  const { loaded, invoke, stop } = launch(options);
  loaded.catch(() => {});
  const call = await invoke(event);
  const wholeMs = performance.now() - began;
  stop();
  return { ...call, wholeMs };
}
