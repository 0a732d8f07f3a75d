/** Built functions in operating system processes: one each, which can be killed as a Lambda environment, or several in one. */
import { once } from 'node:events';
import { type FunctionDefinition, readStack } from '../../local/stack.ts';
import { type Child, spawnChild, whenReady } from './children.ts';

/** What a function behind the HTTP API returns. */
export type HttpResult = { statusCode: number; headers?: Record<string, string>; body?: string };

type InvokeOptions = {
  /** Instead of the function's own time. */
  timeoutMs?: number;
  awsRequestId?: string;
};

export type Worker = Child & {
  /**
   * Calls the handler; several calls may be in flight. Rejects with the name and message of what it threw, when
   * its time is over, and when the process ends before it answered.
   */
  invoke: <Result = HttpResult>(event: unknown, options?: InvokeOptions) => Promise<Result>;
};

/** A process for functions that share an environment. */
export type Host = Child & {
  /**
   * Loads the function as an instance of its own, with module state of its own. Resolves when its init is over;
   * rejects, with what the process wrote, when that fails. `stop` ends the instance alone, and `kill` throws:
   * a test that kills gives each function its own process.
   */
  load: (definition: FunctionDefinition) => Promise<Worker>;
};

export type Load = { instance: number; definition: FunctionDefinition };
export type Invocation = InvokeOptions & { id: number; instance: number; event: unknown };
export type ToHost = Load | Invocation;
export type FromHost =
  | { ready: number }
  | { id: number; result?: unknown; error?: { name: string; message: string } };

type Pending = { instance: number; resolve: (result: unknown) => void; reject: (error: Error) => void };
type Outcome = Exclude<FromHost, { ready: number }>;

const createCalls = (child: Child, send: (message: ToHost) => void) => {
  const pending = new Map<number, Pending>();
  let count = 0;

  const settle = ({ id, result, error }: Outcome): void => {
    const call = pending.get(id);
    pending.delete(id);
    if (error) call?.reject(Object.assign(new Error(error.message), { name: error.name }));
    else call?.resolve(result);
  };

  /** The calls of one instance, or all of them. */
  const abandon = (ended?: number): void => {
    for (const [id, { instance, reject }] of pending) {
      if (ended !== undefined && instance !== ended) continue;
      pending.delete(id);
      reject(new Error(`worker ${child.pid} ended`));
    }
  };

  const invoke = (instance: number, event: unknown, options: InvokeOptions = {}): Promise<unknown> =>
    new Promise((resolve, reject) => {
      count += 1;
      pending.set(count, { instance, resolve, reject });
      send({ ...options, id: count, instance, event });
    });

  return { invoke, settle, abandon };
};

/** All that a function gets: its own settings, and `env` before them. */
export const environmentOf = (
  definition: FunctionDefinition,
  env: Record<string, string>,
): Record<string, string> => ({
  ...definition.environment,
  ...env,
});

/** Starts a process with `env` as its environment and nothing loaded yet. */
export const spawnHost = (env: Record<string, string>): Host => {
  const { process: child, ...rest } = spawnChild({ file: 'test/support/worker-main.ts', env });
  const loading = new Map<number, () => void>();
  const calls = createCalls(rest, (message) => {
    child.send(message, (error) => error && calls.abandon());
  });
  let instances = 0;
  child.on('message', (message: FromHost) => {
    if ('ready' in message) loading.get(message.ready)?.();
    else calls.settle(message);
  });
  child.once('exit', () => calls.abandon());

  const load: Host['load'] = async (definition) => {
    instances += 1;
    const instance = instances;
    const ready = new Promise<void>((resolve) => loading.set(instance, resolve));
    child.send({ instance, definition } satisfies Load, () => {});
    await whenReady(rest, ready);

    const stopped = new AbortController();
    const ended = Promise.race([rest.ended, once(stopped.signal, 'abort')]).then(() => {});
    const stop = (): Promise<void> => {
      stopped.abort();
      calls.abandon(instance);
      return ended;
    };
    const kill = (): never => {
      throw new Error(`${definition.name} shares its process: start the fleet with ownProcesses`);
    };
    const invoke = (event: unknown, options?: InvokeOptions): Promise<unknown> =>
      stopped.signal.aborted
        ? Promise.reject(new Error(`worker ${rest.pid} ended`))
        : calls.invoke(instance, event, options);
    return { ...rest, kill, stop, ended, invoke: invoke as Worker['invoke'] };
  };

  return { ...rest, load };
};

/** Starts a bundle in a process of its own, which its `kill` and `stop` end. Resolves and rejects as `load` does. */
export const spawnFunction = async (
  definition: FunctionDefinition,
  env: Record<string, string>,
): Promise<Worker> => {
  const { load, ...child } = spawnHost(environmentOf(definition, env));
  const { invoke } = await load(definition);
  return { ...child, invoke };
};

/** A function of serverless.yml. Its bundle, dist/<function>.cjs, has to be built. */
export const definitionOf = (functionName: string): FunctionDefinition => {
  const definition = readStack().functions[functionName];
  if (!definition) throw new Error(`serverless.yml has no function ${functionName}`);
  return definition;
};

/** The same for a function by its name in serverless.yml. */
export const spawnWorker = (functionName: string, env: Record<string, string>): Promise<Worker> =>
  spawnFunction(definitionOf(functionName), env);
