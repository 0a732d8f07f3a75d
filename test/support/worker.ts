/** A built function in an operating system process of its own: as a Lambda environment, it can be killed. */
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

export type Invocation = InvokeOptions & { id: number; event: unknown };
export type Outcome = { id: number; result?: unknown; error?: { name: string; message: string } };
export type Ready = { ready: true };

type Pending = { resolve: (result: unknown) => void; reject: (error: Error) => void };

const createCalls = (child: Child, send: (invocation: Invocation) => void) => {
  const pending = new Map<number, Pending>();
  let count = 0;

  const settle = ({ id, result, error }: Outcome): void => {
    const call = pending.get(id);
    pending.delete(id);
    if (error) call?.reject(Object.assign(new Error(error.message), { name: error.name }));
    else call?.resolve(result);
  };

  const abandon = (): void => {
    for (const { reject } of pending.values()) reject(new Error(`worker ${child.pid} ended`));
    pending.clear();
  };

  const invoke = (event: unknown, options: InvokeOptions = {}): Promise<unknown> =>
    new Promise((resolve, reject) => {
      count += 1;
      pending.set(count, { resolve, reject });
      send({ ...options, id: count, event });
    });

  return { invoke, settle, abandon };
};

/** Those of the function, and those that a test adds: its clock, say. */
const nodeOptions = ({ environment }: FunctionDefinition, env: Record<string, string>): string =>
  [environment?.['NODE_OPTIONS'], env['NODE_OPTIONS']].filter(Boolean).join(' ');

/**
 * Starts a bundle with `env` as its environment. Resolves when its init is over; rejects, with what it wrote,
 * when that fails.
 */
export const spawnFunction = async (
  definition: FunctionDefinition,
  env: Record<string, string>,
): Promise<Worker> => {
  const { process: child, ...rest } = spawnChild({
    file: 'test/support/worker-main.ts',
    args: [JSON.stringify(definition)],
    env: { ...definition.environment, ...env, NODE_OPTIONS: nodeOptions(definition, env) },
  });
  const calls = createCalls(rest, (invocation) => {
    child.send(invocation, (error) => error && calls.abandon());
  });
  const ready = new Promise<void>((resolve) => {
    child.on('message', (message: Outcome | Ready) =>
      'ready' in message ? resolve() : calls.settle(message),
    );
  });
  child.once('exit', calls.abandon);
  await whenReady(rest, ready);
  return { ...rest, invoke: calls.invoke as Worker['invoke'] };
};

/** The same for a function by its name in serverless.yml: dist/<function>.cjs, which has to be built. */
export const spawnWorker = (functionName: string, env: Record<string, string>): Promise<Worker> => {
  const definition = readStack().functions[functionName];
  if (!definition) throw new Error(`serverless.yml has no function ${functionName}`);
  return spawnFunction(definition, env);
};
