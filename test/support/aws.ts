/** The AWS stand-in in a process of its own, and its control API (local/aws-control.ts) as functions. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { FaultSpec } from '../../local/aws-faults.ts';
import { type Child, lineAfter, spawnChild, whenReady } from './children.ts';
import { callJson } from './json-http.ts';

export type AwsProcess = Child & {
  url: string;
  /** Adds one fault or several to those there are. */
  addFaults: (faults: FaultSpec | FaultSpec[]) => Promise<void>;
  clearFaults: () => Promise<void>;
  /** Calls per operation since the last reset; with `match` only those whose body contains it. */
  requests: (match?: string) => Promise<Record<string, number>>;
  setParameter: (name: string, value: string) => Promise<void>;
  /** All items of the table as DynamoDB JSON. */
  dump: () => Promise<Record<string, AttributeValue>[]>;
  /** No faults, no counts. Items and parameters stay. */
  reset: () => Promise<void>;
};

type SpawnAwsOptions = { tableName: string; parameters?: Record<string, string> };

/** Starts it on a free port, with the table of infra/table.yml. */
export const spawnAws = async ({ tableName, parameters = {} }: SpawnAwsOptions): Promise<AwsProcess> => {
  const { process: child, ...rest } = spawnChild({
    file: 'local/aws-main.ts',
    env: { AWS_PORT: '0', TABLE_NAME: tableName, LIPAFLOW_PARAMETERS: JSON.stringify(parameters) },
  });
  const url = await whenReady(rest, lineAfter(child, 'aws '));
  const control = <Result>(method: string, path: string, body?: unknown): Promise<Result> =>
    callJson<Result>(method, `${url}/__aws/${path}`, body);
  return {
    ...rest,
    url,
    addFaults: (faults) => control('PUT', 'faults', faults),
    clearFaults: () => control('DELETE', 'faults'),
    requests: (match = '') => control('GET', `requests?match=${encodeURIComponent(match)}`),
    setParameter: (name, value) => control('POST', 'parameters', { name, value }),
    dump: () => control('GET', 'dump'),
    reset: () => control('POST', 'reset'),
  };
};
