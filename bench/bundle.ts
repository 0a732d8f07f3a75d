/** A bundle in a process of its own, as bench/lambda.cjs hosts it, and what each call of it took. */
import { type ChildProcess, fork } from 'node:child_process';

/** Times in milliseconds. */
export interface Call {
  readonly answer?: { readonly statusCode?: number; readonly body?: string };
  /** What it threw, in words. */
  readonly fault?: string;
  /** From the event to the answer, as the process itself saw it. */
  readonly ms: number;
  /** Of all its threads, user and system. */
  readonly cpuMs: number;
}

export interface Bundle {
  readonly pid: number;
  /** From the process's beginning until the bundle was loaded, and the loading alone. */
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

/** Starts it; its log goes nowhere. Rejects when it ends before it is loaded. */
export function startBundle(path: string, env: Record<string, string>): Promise<Bundle> {
  const stdio: ('ignore' | 'ipc')[] = ['ignore', 'ignore', 'ignore', 'ipc'];
  const child = fork(new URL('lambda.cjs', import.meta.url), [path], { env, execArgv: [], stdio });
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
