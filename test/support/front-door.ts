/** The HTTP API of serverless.yml before functions that run in processes of their own. */
import { type ApiGateway, startApiGateway } from '../../local/gateway/server.ts';
import type { LambdaFunction } from '../../local/lambda.ts';
import { readStack } from '../../local/stack.ts';
import type { Worker } from './worker.ts';

const invoked: Through = (worker, event) => worker.invoke<unknown>(event);

const absent = (name: string) => (): never => {
  throw new Error(`no worker serves the function ${name}`);
};

/** How a function's worker is called; by default, it is invoked. */
export type Through = (worker: Worker, event: unknown) => Promise<unknown>;

const inTurn = (workers: Worker[], through: Through): LambdaFunction['handler'] => {
  let calls = 0;
  return (event) => {
    const worker = workers[calls % workers.length];
    calls += 1;
    return worker && through(worker, event);
  };
};

/**
 * Starts it on a free port: `workers` by the function's name, called in turn. A route whose function has no
 * worker answers 500, as does a call whose worker died. `through` names functions that are called in another way.
 */
export const startFrontDoor = (
  workers: Record<string, Worker[]>,
  through: Record<string, Through> = {},
): Promise<ApiGateway> => {
  const { routes, authorizers, functions } = readStack();
  const lambdas = Object.values(functions).map(({ name, timeoutMs }) => {
    const handler = workers[name]?.length ? inTurn(workers[name], through[name] ?? invoked) : absent(name);
    return [name, { name, timeoutMs, handler }] as const;
  });
  return startApiGateway({ port: 0, routes, authorizers, functions: Object.fromEntries(lambdas) });
};
