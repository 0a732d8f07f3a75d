/** What only the real table can show: lost acknowledgements, and a store that is overloaded. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FaultSpec } from '../../local/aws/faults.ts';
import { type Aws, startAws } from '../../local/aws/server.ts';
import { readTable } from '../../local/aws/table.ts';
import { nodeTransport } from '../../src/lib/platform/aws-transport.ts';
import { undiciTransport } from '../../src/lib/platform/aws-transport-undici.ts';
import { systemClock } from '../../src/lib/platform/clock.ts';
import type { AppError } from '../../src/lib/platform/errors.ts';
import { idOf, later, NOW, sampleMessage, sampleSession } from '../support/fakes/samples.ts';
import { callJson } from '../support/json-http.ts';
import { ownTime, PATIENCE } from '../support/patience.ts';
import { clientFor, type Stores, storesOn } from './engines.ts';

const TRANSPORTS = { 'Node’s own client': nodeTransport, undici: undiciTransport };

let aws: Aws;
let stores: Omit<Stores, 'close'>;
let dynamo: DynamoDBClient;

const fault = (spec: FaultSpec | FaultSpec[]) => callJson('PUT', `${aws.url}/__aws/faults`, spec);
const calls = () => callJson<Record<string, number>>('GET', `${aws.url}/__aws/requests`);

const create = async (id: string) => {
  const written = await stores.messages.create(sampleMessage({ messageId: idOf(id) }));
  if (!written.done) throw new Error('it is there already');
  return written.stored;
};

describe.each(Object.entries(TRANSPORTS))('over %s', (_, transport) => {
  beforeAll(async () => {
    aws = await startAws({ port: 0, tableName: 'faults', parameters: {} });
  });
  beforeEach(async () => {
    await callJson('POST', `${aws.url}/__aws/reset`);
    // A client of its own: a client with many failed calls stops retrying for a while.
    dynamo = clientFor(aws.url, transport(systemClock));
    stores = storesOn(dynamo, 'faults');
  });
  afterEach(() => dynamo.destroy());
  afterAll(() => aws.close());

  describe('an applied write with a lost acknowledgement', () => {
    const lost = { fault: 'apply-then-reset' } as const;

    it('counts as done for a create', async () => {
      await fault({ target: 'PutItem', ...lost });
      const stored = await create('lost-create');
      expect(await stores.messages.get(idOf('lost-create'))).toEqual(stored);
      expect((await calls())['PutItem']).toBe(2);
    });

    it('counts as done for a create that lost it twice', async () => {
      await fault({ target: 'PutItem', ...lost, times: 2 });
      const stored = await create('lost-twice');
      expect((await stores.messages.get(idOf('lost-twice')))?.revision).toBe(stored.revision);
    });

    it('counts as done for a replace', async () => {
      const stored = await create('lost-replace');
      await fault({ target: 'PutItem', ...lost });
      const written = await stores.messages.replace(stored, { ...stored.value, epoch: 2 });
      expect(written).toMatchObject({ done: true, stored: { value: { epoch: 2 } } });
      expect(await stores.messages.get(idOf('lost-replace'))).toEqual(written.stored);
    });

    it('counts as done for a remove', async () => {
      const stored = await create('lost-remove');
      await fault({ target: 'DeleteItem', ...lost });
      expect(await stores.messages.remove(stored)).toBe(true);
      expect(await stores.messages.get(idOf('lost-remove'))).toBeUndefined();
    });

    it("counts as done for a session's replace", async () => {
      const pair = sampleSession().pair;
      const first = await stores.sessions.create(sampleSession());
      if (!first.done) throw new Error('it is there already');
      await fault({ target: 'PutItem', ...lost });
      expect(await stores.sessions.replace(first.stored, sampleSession(later(5)))).toMatchObject({
        done: true,
      });
      expect((await stores.sessions.get(pair))?.value.window?.lastInboundAt).toEqual(later(5));
    });

    it('stays applied, although the caller gets a fault, when no acknowledgement ever arrives', async () => {
      await fault({ target: 'PutItem', ...lost, times: null });
      await expect(create('lost-for-good')).rejects.toMatchObject({ code: 'store-unavailable' });
      expect((await stores.messages.get(idOf('lost-for-good')))?.value.epoch).toBe(1);
    });

    it('is not taken for the first record of another inbound message under the same id', async () => {
      await fault({ target: 'PutItem', ...lost });
      const first = { id: 'wamid.lost', writtenAt: later(-5) };
      expect(await stores.callbacks.remember(first, NOW)).toEqual(first);
      expect(await stores.callbacks.remember({ id: 'wamid.lost', writtenAt: NOW }, NOW)).toEqual(first);
    });

    it('leaves the same message after a hundred writes with losses at random calls', async () => {
      await fault({ target: 'PutItem', ...lost, probability: 0.1, seed: 20_260_102, times: null });
      let stored = await create('lost-often');
      for (let n = 2; n <= 100; n += 1) {
        const written = await stores.messages.replace(stored, { ...stored.value, epoch: n });
        if (!written.done) throw new Error(`write ${n} was taken for somebody else's`);
        stored = written.stored;
      }
      expect((await stores.messages.get(idOf('lost-often')))?.value.epoch).toBe(100);
    });
  });

  describe('a store that is overloaded', () => {
    it('fails as store-unavailable for every operation, within a few seconds', async () => {
      const stored = await create('held');
      await fault([
        { target: 'GetItem', fault: 'throttle', times: null },
        { target: 'PutItem', fault: 'throttle', times: null },
        { target: 'Query', fault: 'unavailable', times: null },
        { target: 'Scan', fault: 'throttle', times: null },
        { target: 'DeleteItem', fault: 'hang', times: null },
      ]);
      const attempts: Record<string, Promise<unknown>> = {
        get: stores.messages.get(idOf('held')),
        create: create('not-created'),
        replace: stores.messages.replace(stored, stored.value),
        remove: stores.messages.remove(stored),
        due: stores.messages.due(NOW, 4),
        abandoned: stores.messages.abandoned({ segment: 0, of: 1 }, { now: NOW, after: undefined }),
        keepRaw: stores.callbacks.keepRaw('{}', NOW),
        byTokenHash: stores.clients.byTokenHash('0'.repeat(64)),
      };
      const { value: ends, ownMs } = await ownTime(() =>
        Promise.all(
          Object.entries(attempts).map(async ([name, attempt]) => {
            const { code, retryAfter } = await attempt.then(
              () => ({}) as AppError,
              (e: unknown) => e as AppError,
            );
            return { name, code, retryAfter };
          }),
        ),
      );
      expect(ownMs).toBeLessThan(5_000);
      const expected = { code: 'store-unavailable', retryAfter: 2 };
      expect(ends).toEqual(Object.keys(attempts).map((name) => ({ name, ...expected })));
      const cut = await attempts['remove']?.catch((e: unknown) => e);
      expect((cut as AppError).cause).toMatchObject({ name: 'TimeoutError' });
      expect((await calls())['GetItem']).toBeGreaterThan(2);
    });

    it("causes no fault when the SDK's own retry succeeds", async () => {
      await fault({ target: 'PutItem', fault: 'throttle', times: 1 });
      await create('recovered');
      expect(await stores.messages.get(idOf('recovered'))).toBeDefined();
    });

    it('reveals nothing of itself in the error that a caller may see', async () => {
      await fault({ target: 'GetItem', fault: 'unavailable', times: null });
      const error = await stores.messages.get(idOf('x')).catch((e: unknown) => e as AppError);
      const { message, detail } = error as AppError;
      expect(`${message} ${detail}`).not.toMatch(/dynamo|aws|item|injected|table/i);
    });
  });
});

describe('an engine that does not return the item that failed a condition', () => {
  it('is queried for that item', async () => {
    const server = dynalite({ createTableMs: 0 }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = clientFor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await client.send(new CreateTableCommand(readTable('silent')));
    await vi.waitFor(async () => {
      const { Table } = await client.send(new DescribeTableCommand({ TableName: 'silent' }));
      expect(Table?.TableStatus).toBe('ACTIVE');
    }, PATIENCE);
    const { messages } = storesOn(client, 'silent');
    const first = await messages.create(sampleMessage({ messageId: idOf('twice') }));
    const second = await messages.create(sampleMessage({ messageId: idOf('twice'), epoch: 7 }));
    expect([first.done, second]).toEqual([true, { done: false, stored: first.stored }]);
    client.destroy();
    server.close();
  });
});
