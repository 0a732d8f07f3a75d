/** What outlives an erasure, on the embedded engine: the table alone tells no number, and without the key nothing is guessed. */
import { createHmac } from 'node:crypto';
import { type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Aws, startAws } from '../../local/aws/server.ts';
import { systemRandom } from '../../src/lib/platform/clock.ts';
import { makeTable } from '../../src/lib/platform/dynamo-table.ts';
import { AppError } from '../../src/lib/platform/errors.ts';
import { makeErasedOptOutStore } from '../../src/lib/sessions/dynamo-erased-opt-outs.ts';
import { makeErasureMarker } from '../../src/lib/sessions/dynamo-erasure-marker.ts';
import { makeTombstoneStore } from '../../src/lib/sessions/dynamo-tombstones.ts';
import { makeErasureKey } from '../../src/lib/sessions/erasure-key.ts';
import { manualClock } from '../support/fakes/clock.ts';
import { BUSINESS, CUSTOMER, later, NOW } from '../support/fakes/samples.ts';
import { fakeSecret } from '../support/fakes/secret.ts';
import { clientFor } from './engines.ts';

const PAIR = { business: BUSINESS, customer: CUSTOMER };

let aws: Aws;
let client: DynamoDBClient;

beforeEach(async () => {
  aws = await startAws({ port: 0, tableName: 'erasures', parameters: {} });
  client = clientFor(aws.url);
});
afterEach(async () => {
  client.destroy();
  await aws.close();
});

const MISSING = new AppError('store-unavailable', 'The erasure key could not be read.');

/** A process of its own. `key`: undefined if it can't be read. */
const processWith = (key: string | undefined, { beside01 = false } = {}) => {
  const clock = manualClock(NOW);
  const table = makeTable({ client, tableName: 'erasures', clock, random: systemRandom });
  const secret = fakeSecret(key ?? '');
  if (key === undefined) secret.breakWith(MISSING);
  let reads = 0;
  const get = () => {
    reads += 1;
    return secret.get();
  };
  const marker = makeErasureMarker(table, makeErasureKey({ get }, clock));
  return {
    optOuts: makeErasedOptOutStore(table, { marker, random: systemRandom, beside01 }),
    tombstones: makeTombstoneStore(table, marker),
    reads: () => reads,
  };
};

const items = async () =>
  ((await client.send(new ScanCommand({ TableName: 'erasures' }))).Items ?? []).map((item) =>
    unmarshall(item),
  );
const pks = async () => (await items()).map(({ pk }) => String(pk));

describe('what outlives an erasure', () => {
  it('is stored under hashes that nothing in the table makes', async () => {
    const { optOuts, tombstones } = processWith('key-1');
    await optOuts.noteErasure(PAIR, NOW);
    await optOuts.remember(PAIR, NOW);
    await tombstones.bury(PAIR, NOW);
    const stored = await items();
    const texts = stored.flatMap((item) => Object.values(item).map(String));
    const hashes = texts.flatMap((key) =>
      [`${BUSINESS} ${CUSTOMER}`, `pair ${BUSINESS} ${CUSTOMER}`, CUSTOMER].map((text) =>
        createHmac('sha256', key).update(text).digest('hex'),
      ),
    );
    expect(stored).toHaveLength(4);
    expect(texts.filter((text) => hashes.some((hash) => text.includes(hash)))).toEqual([]);
    expect(JSON.stringify(stored)).not.toContain(CUSTOMER);
  });

  it('is found by each process that has the key', async () => {
    await processWith('key-1').optOuts.remember(PAIR, NOW);
    expect(await processWith('key-1').optOuts.optedOutAt(PAIR)).toEqual(NOW);
  });

  it('needs no key as long as the table has none of it', async () => {
    const { optOuts, tombstones, reads } = processWith(undefined);
    expect(await optOuts.find(PAIR)).toBeUndefined();
    expect(await optOuts.whoOptedOut([PAIR])).toEqual([false]);
    expect(await optOuts.wasErased(PAIR)).toBe(false);
    expect(await tombstones.erasedAt(PAIR)).toBeUndefined();
    expect((await tombstones.erasedSince(BUSINESS, NOW))(CUSTOMER)).toBe(false);
    expect(reads()).toBe(0);
  });

  it.each([
    ['without its key', undefined],
    ['with another key', 'key-2'],
  ])('is never taken for nothing %s', async (_, key) => {
    const first = processWith('key-1');
    await first.optOuts.remember(PAIR, NOW);
    await first.tombstones.bury(PAIR, NOW);
    const { optOuts, tombstones } = processWith(key);
    const unavailable = { code: 'store-unavailable' };
    await expect(optOuts.find(PAIR)).rejects.toMatchObject(unavailable);
    await expect(optOuts.whoOptedOut([PAIR])).rejects.toMatchObject(unavailable);
    await expect(optOuts.wasErased(PAIR)).rejects.toMatchObject(unavailable);
    await expect(optOuts.remember(PAIR, NOW)).rejects.toMatchObject(unavailable);
    await expect(tombstones.erasedAt(PAIR)).rejects.toMatchObject(unavailable);
    await expect(tombstones.erasedSince(BUSINESS, NOW)).rejects.toMatchObject(unavailable);
    await expect(tombstones.bury(PAIR, NOW)).rejects.toMatchObject(unavailable);
  });

  it('keeps an opt-out that comes before the key, and moves it to the key once both are there', async () => {
    await processWith(undefined).optOuts.remember(PAIR, NOW, { seenAt: later(1), place: 3 });
    const salted = (await pks()).filter((pk) => pk.startsWith('forgotten#'));
    expect(salted).toHaveLength(1);
    const { optOuts } = processWith('key-1');
    expect(await optOuts.whoOptedOut([PAIR])).toEqual([true]);
    expect(await optOuts.find(PAIR)).toEqual({ at: NOW, seenAt: later(1), place: 3 });
    const keyed = (await pks()).filter((pk) => pk.startsWith('forgotten#'));
    expect(keyed).toHaveLength(1);
    expect(keyed).not.toEqual(salted);
    expect(await processWith('key-1').optOuts.find(PAIR)).toEqual({ at: NOW, seenAt: later(1), place: 3 });
    await optOuts.forget(PAIR);
    expect(await processWith('key-1').optOuts.find(PAIR)).toBeUndefined();
  });

  it('has the form of 0.1 as long as 0.1 may come back', async () => {
    const beside = processWith('key-1', { beside01: true });
    await beside.optOuts.remember(PAIR, NOW);
    await beside.optOuts.noteErasure(PAIR, NOW);
    const salt = (await items()).find(({ pk }) => pk === 'salt#forgotten')?.['salt'] as string;
    const hash = createHmac('sha256', salt).update(`${BUSINESS} ${CUSTOMER}`).digest('hex');
    expect((await pks()).toSorted()).toEqual([`erased#${hash}`, `forgotten#${hash}`, 'salt#forgotten']);
    await beside.tombstones.bury(PAIR, NOW);
    expect(await processWith('key-1', { beside01: true }).optOuts.optedOutAt(PAIR)).toEqual(NOW);
    expect(await processWith('key-1').optOuts.wasErased(PAIR)).toBe(true);
  });

  it('is marked once by twenty processes at the same time', async () => {
    const pair = (n: number) => ({ ...PAIR, customer: `2547000000${10 + n}` as typeof CUSTOMER });
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => processWith('key-1').tombstones.bury(pair(n), later(n))),
    );
    const wasErased = await processWith('key-1').tombstones.erasedSince(BUSINESS, later(5));
    expect(Array.from({ length: 20 }, (_, n) => wasErased(pair(n).customer))).toEqual(
      Array.from({ length: 20 }, (_, n) => n >= 5),
    );
  });
});
