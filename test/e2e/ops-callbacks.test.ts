/** What was kept raw: listed, shown without numbers, and replayed against the whole local system. */
import { createHash } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readStack } from '../../local/stack.ts';
import { type System, startSystem } from '../../local/system.ts';
import { makeRawCallbackStore } from '../../src/lib/callbacks/dynamo-raw-callbacks.ts';
import { systemClock, systemRandom } from '../../src/lib/platform/clock.ts';
import { makeTable } from '../../src/lib/platform/dynamo-table.ts';
import { type OpsResult, opsHere } from '../support/ops.ts';
import { PATIENCE } from '../support/patience.ts';

const CUSTOMER = '254717746565';
const BUSINESS = '254110090747';
const HOUR = 3_600_000;

let system: System;
let env: Record<string, string>;
let raws: ReturnType<typeof makeRawCallbackStore>;

beforeAll(async () => {
  system = await startSystem({ PORT: '0', LOG_LEVEL: 'ERROR', POWERTOOLS_METRICS_DISABLED: 'true' });
  env = {
    AWS_ENDPOINT_URL: system.awsUrl,
    AWS_ENDPOINT_URL_SQS: system.sqsUrl,
    AWS_ENDPOINT_URL_S3: system.sqsUrl,
  };
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint: system.awsUrl, region: 'eu-west-1', credentials });
  const tableName = readStack().environment.TABLE_NAME;
  raws = makeRawCallbackStore(makeTable({ client, tableName, clock: systemClock, random: systemRandom }));
});
afterAll(() => system.close());

const callbacks = (...args: string[]): Promise<OpsResult> =>
  opsHere(['callbacks', ...args, '--stage', 'local'], { env });
const idOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);
const session = async () => {
  const path = `/v1/sessions/${BUSINESS}/${CUSTOMER}`;
  const headers = { authorization: `Bearer ${system.token}` };
  return (await fetch(`${system.apiUrl}${path}`, { headers })).json();
};

/** A message that an earlier release could not read. */
const READABLE = JSON.stringify({
  messageId: 'wamid.kept',
  from: CUSTOMER,
  to: BUSINESS,
  type: 'TEXT',
  text: 'STOP',
});
const ODD = `{"odd":"call +254 717 746 565 of KE.12ab34cd","id":"wamid.${Buffer.from(CUSTOMER).toString('base64')}"}`;
const HUGE = JSON.stringify({ text: 'x'.repeat(300 * 1024) });

describe('callbacks', () => {
  it('are none at first', async () => {
    expect((await callbacks('list')).stdout).toBe('No callback is kept raw.\n');
    expect((await callbacks('replay', 'all')).stdout).toMatch(/^0 callbacks put/);
  });

  it('are listed with why and since when, and shown without numbers and ids', async () => {
    const receivedAt = new Date(Date.now() - HOUR);
    await raws.keepRaw(READABLE, receivedAt, { why: 'unrecognised', receivedAt });
    await raws.keepRaw(ODD, new Date(), { why: 'unread', receivedAt });
    await raws.keepRaw(HUGE, new Date(), { why: 'poison', receivedAt });
    const { stdout } = await callbacks('list');
    expect(stdout).toMatch(new RegExp(`^${idOf(READABLE)} +1 h ago +unrecognised +\\d+ bytes +can be`, 'm'));
    expect(stdout).toMatch(new RegExp(`^${idOf(HUGE)} .* poison +${HUGE.length} bytes +cannot be`, 'm'));
    const shown = await callbacks('show', idOf(ODD));
    expect(shown.stdout).toContain('{"odd":"call … of …","id":"…"}');
    expect((await callbacks('show', idOf(ODD), '--show-numbers')).stdout).toContain(ODD);
  });

  it('are replayed as of their first arrival, and leave the list once they are understood', async () => {
    const { exitCode, stdout } = await callbacks('replay', 'all');
    expect(stdout).toMatch(/^2 callbacks put .*\n1 callback cannot be replayed/);
    expect(exitCode).toBe(0);
    await vi.waitFor(async () => {
      const ids = (await callbacks('list', '--json')).json<{ id: string }[]>().map(({ id }) => id);
      expect(ids.toSorted()).toEqual([idOf(ODD), idOf(HUGE)].toSorted());
    }, PATIENCE);
    const { open, optedOut, lastInboundAt } = (await session()) as Record<string, string>;
    expect({ open, optedOut }).toEqual({ open: true, optedOut: true });
    expect(Date.now() - new Date(lastInboundAt ?? 0).getTime()).toBeGreaterThan(HOUR - 1_000);
  });

  it.each([
    ['replay', (): string => idOf(HUGE), 1, /its end is lost/],
    ['show', (): string => 'ffffffffffff', 1, /no callback with this id is kept/],
    ['show', (): string => 'no id', 2, /hexadecimal/],
  ] as const)('refuses to %s what it cannot', async (verb, id, code, says) => {
    const result = await callbacks(verb, id());
    expect(result.stderr).toMatch(says);
    expect(result.exitCode).toBe(code);
  });
});
