/** The AWS stand-in in a process of its own, and its control API (local/aws/control.ts) as functions. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { KeptEvent } from '../../local/aws/events.ts';
import type { FaultSpec } from '../../local/aws/faults.ts';
import type { StreamRecord } from '../../local/aws/stream.ts';
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
  /** Records of the table's stream after a SequenceNumber (without: from the oldest), at most `limit` (1000). */
  stream: (options?: StreamOptions) => Promise<StreamRecord[]>;
  /** All events that EventBridge took, in the order of their arrival. */
  events: () => Promise<KeptEvent[]>;
  clearEvents: () => Promise<void>;
  /** No faults, no counts. Items, parameters, stream and events stay. */
  reset: () => Promise<void>;
};

type StreamOptions = {
  after?: string | undefined;
  limit?: number | undefined;
  /** How long to wait for a first record. */
  waitMs?: number | undefined;
};
type SpawnAwsOptions = { tableName: string; parameters?: Record<string, string> };

const streamQuery = ({ after, limit = 1000, waitMs = 0 }: StreamOptions): string =>
  new URLSearchParams({ ...(after ? { after } : {}), limit: `${limit}`, wait: `${waitMs}` }).toString();

/** Starts it on a free port, with the table of infra/table.yml. */
export const spawnAws = async ({ tableName, parameters = {} }: SpawnAwsOptions): Promise<AwsProcess> => {
  const { process: child, ...rest } = spawnChild({
    file: 'local/aws/main.ts',
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
    stream: (options = {}) => control('GET', `stream?${streamQuery(options)}`),
    events: () => control('GET', 'events'),
    clearEvents: () => control('DELETE', 'events'),
    reset: () => control('POST', 'reset'),
  };
};
