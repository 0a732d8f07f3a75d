/** Runs a bundle in its own process, hosted by bench/lambda.cjs, and measures each call. */
import { type ChildProcess, fork } from 'node:child_process';
import { bootstrapOptions } from '../test/support/bootstrap.ts';

/** Times in milliseconds. */
export interface Call {
  readonly answer?: { readonly statusCode?: number; readonly body?: string };
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
  invoke(event: object): Promise<Call>;
  stop(): void;
}

type Message = { id: number } & Call & { loadedMs: number; initMs: number };

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

interface BundleOptions {
  readonly path: string;
  readonly env: Record<string, string>;
  /** Of the function in serverless.yml: Lambda's bootstrap sets Node's heap limits by it. */
  readonly memoryMb: number;
}

/** Starts the process and discards its log. Rejects if it ends before the bundle is loaded. */
export function startBundle({ path, env, memoryMb }: BundleOptions): Promise<Bundle> {
  const stdio: ('ignore' | 'ipc')[] = ['ignore', 'ignore', 'ignore', 'ipc'];
  const execArgv = bootstrapOptions(memoryMb);
  const child = fork(new URL('lambda.cjs', import.meta.url), [path], { env, execArgv, stdio });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${path} did not start`);
  running.add(child);
  child.once('exit', () => running.delete(child));
  const waiting = new Map<number, (message: Message) => void>();
  let count = 0;
  const answerTo = (id: number) => new Promise<Message>((resolve) => waiting.set(id, resolve));
  child.on('message', (message: Message) => {
    waiting.get(message.id)?.(message);
    waiting.delete(message.id);
  });
  const invoke = (event: object): Promise<Call> => {
    count += 1;
    child.send({ id: count, event });
    return answerTo(count);
  };
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', () => reject(new Error(`${path} ended`)));
  });
  ended.catch(() => {});
  const stop = () => void child.kill('SIGKILL');
  return Promise.race([answerTo(0), ended]).then(({ loadedMs, initMs }) => {
    return { pid, loadedMs, initMs, invoke: (event) => Promise.race([invoke(event), ended]), stop };
  });
}
