/** One function in a process of its own, invoked over IPC: the other end of worker.ts. */
import { loadFunction } from '../../local/bundles.ts';
import { invoke } from '../../local/lambda.ts';
import type { FunctionDefinition } from '../../local/stack.ts';
import type { Invocation, Outcome, Ready } from './worker.ts';

const tell = (message: Outcome | Ready): void => {
  // The test may be gone by now, and then nobody is interested.
  process.send?.(message, () => {});
};

const lambda = loadFunction(JSON.parse(process.argv[2] ?? '') as FunctionDefinition);

process.on('message', async ({ id, event, timeoutMs, awsRequestId }: Invocation) => {
  try {
    const called = { ...lambda, timeoutMs: timeoutMs ?? lambda.timeoutMs };
    tell({ id, result: await invoke(called, event, awsRequestId) });
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    tell({ id, error: { name, message } });
  }
});

// die-with-parent.ts let go of the channel; a worker lives for it.
process.channel?.ref();
tell({ ready: true });
