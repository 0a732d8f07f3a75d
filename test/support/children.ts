/** Processes that a test starts, and that never outlive it. */
import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export type Child = {
  pid: number;
  /** Any signal; SIGSTOP and SIGCONT make a zombie of it and wake it up. Default SIGKILL. */
  kill: (signal?: NodeJS.Signals) => void;
  /** SIGKILL, and until it is gone. */
  stop: () => Promise<void>;
  /** Resolves when the process is gone. */
  ended: Promise<void>;
  /** All it wrote so far, stdout and stderr as they came. */
  output: () => string;
};

type SpawnOptions = {
  /** From the project's root, for one local/aws/main.ts. */
  file: string;
  args?: string[];
  /** All the environment it gets, beside PATH and a cache of compiled code: nothing of the test's own leaks in. */
  env: Record<string, string>;
};

const ROOT = new URL('../..', import.meta.url);
const READY_MS = 60_000;
/** Where Node keeps what it has compiled: a process that a test starts loads the same files as hundreds before it. */
export const COMPILED = { NODE_COMPILE_CACHE: fileURLToPath(new URL('.cache/compiled', ROOT)) };
const alive = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** Ends every process that this one has started: for `afterAll`. */
export const stopChildren = async (): Promise<void> => {
  const gone = [...alive].map((child) => new Promise((resolve) => child.once('exit', resolve)));
  for (const child of alive) child.kill('SIGKILL');
  await Promise.all(gone);
};

/** Starts `file` under this Node with an IPC channel. Throws when it cannot be started at all. */
export const spawnChild = ({ file, args = [], env }: SpawnOptions): Child & { process: ChildProcess } => {
  const { PATH = '' } = process.env;
  const child = fork(fileURLToPath(new URL(file, ROOT)), args, {
    cwd: fileURLToPath(ROOT),
    env: { PATH, ...COMPILED, ...env },
    execArgv: ['--import', new URL('test/support/die-with-parent.ts', ROOT).href],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  if (child.pid === undefined) throw new Error(`${file} did not start`);
  alive.add(child);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.once('exit', () => alive.delete(child));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const kill = (signal: NodeJS.Signals = 'SIGKILL'): void => {
    child.kill(signal);
  };
  const stop = (): Promise<void> => {
    kill();
    return ended;
  };
  return { pid: child.pid, process: child, kill, stop, ended, output: () => output };
};

/**
 * `ready`, unless the process ends or a minute passes before: then it is stopped, and the rejection holds
 * what it wrote.
 */
export const whenReady = async <Value>(child: Child, ready: Promise<Value>): Promise<Value> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), READY_MS);
  });
  const failed = Promise.race([child.ended, late]).then((reason) => {
    throw new Error(`process ${child.pid} ${reason ? 'is not ready' : 'ended'}: ${child.output()}`);
  });
  try {
    return await Promise.race([ready, failed]);
  } catch (error) {
    child.kill();
    throw error;
  } finally {
    clearTimeout(timer);
    failed.catch(() => {});
  }
};

/** What follows `prefix` on the first line of stdout that begins with it. */
export const lineAfter = (process: ChildProcess, prefix: string): Promise<string> =>
  new Promise((resolve) => {
    if (!process.stdout) return;
    const lines = createInterface({ input: process.stdout });
    lines.on('line', (line) => line.startsWith(prefix) && resolve(line.slice(prefix.length)));
  });
