/** Functions in a process of their own, invoked over IPC: the other end of worker.ts. */
import { loadFunction } from '../../local/bundles.ts';
import { invoke, type LambdaFunction } from '../../local/lambda.ts';
import type { FromHost, Invocation, Load, ToHost } from './worker.ts';

const loaded = new Map<number, LambdaFunction>();

const tell = (message: FromHost): void => {
  // The test may be gone by now, and then there is no one to tell.
  process.send?.(message, () => {});
};

const asError = (error: unknown) => {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return { name, message };
};

const load = ({ instance, definition }: Load): void => {
  loaded.set(instance, loadFunction(definition));
  tell({ ready: instance });
};

const call = async ({ id, instance, event, timeoutMs, awsRequestId }: Invocation): Promise<void> => {
  try {
    const lambda = loaded.get(instance);
    if (!lambda) throw new Error(`function ${instance} is not loaded`);
    const called = { ...lambda, timeoutMs: timeoutMs ?? lambda.timeoutMs };
    tell({ id, result: await invoke(called, event, awsRequestId) });
  } catch (error) {
    tell({ id, error: asError(error) });
  }
};

// A function that cannot start ends the process, as on Lambda.
process.on('message', (message: ToHost) => ('definition' in message ? load(message) : call(message)));

// die-with-parent.ts let go of the channel; a worker lives for it.
process.channel?.ref();
