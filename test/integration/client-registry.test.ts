import { createHash } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import pMap from 'p-map';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Aws, startAws } from '../../local/aws/server.ts';
import { type ClientRegistry, makeClientRegistry } from '../../src/lib/clients/dynamo-client-registry.ts';
import { makeClientStore } from '../../src/lib/clients/dynamo-clients.ts';
import type { ClientStore } from '../../src/lib/clients/ports.ts';
import { systemClock, systemRandom } from '../../src/lib/platform/clock.ts';
import { makeTable } from '../../src/lib/platform/dynamo-table.ts';

const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');
const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute));

let aws: Aws;
let registry: ClientRegistry;
let clients: ClientStore;

beforeAll(async () => {
  const tableName = 'client-registry-test';
  aws = await startAws({ port: 0, tableName, parameters: {} });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint: aws.url, region: 'eu-west-1', credentials });
  const table = makeTable({ client, tableName, clock: systemClock, random: systemRandom });
  registry = makeClientRegistry(table);
  clients = makeClientStore(table);
});
afterAll(() => aws.close());

const crm = { clientId: 'crm', scopes: ['read', 'send'], tokenHash: hashOf('crm'), createdAt: at(1) };

it('a client that was added is found by its token, once', async () => {
  expect(await registry.add(crm)).toBe(true);
  expect(await registry.add({ ...crm, clientId: 'thief', scopes: ['admin'] })).toBe(false);
  const found = await clients.byTokenHash(hashOf('crm'));
  expect(found?.clientId).toBe('crm');
  expect([...(found?.scopes ?? [])].sort()).toEqual(['read', 'send']);
});

it('a revoked one stays, with the time of its first revocation', async () => {
  const tokenHash = hashOf('former');
  await registry.add({ clientId: 'former', scopes: ['send'], tokenHash, createdAt: at(2) });
  expect(await registry.revoke(tokenHash, at(3))).toBe(true);
  expect(await registry.revoke(tokenHash, at(4))).toBe(true);
  expect(await clients.byTokenHash(tokenHash)).toMatchObject({ revokedAt: at(3) });
  const [newest] = await registry.list();
  expect(newest).toEqual({
    clientId: 'former',
    scopes: ['send'],
    tokenHash,
    createdAt: at(2),
    revokedAt: at(3),
  });
});

it('a namespace keeps the key that it was made with, and another one has its own', async () => {
  expect(await registry.namespaceKey('shops')).toBeUndefined();
  const keys = await Promise.all(
    ['key-1', 'key-2', 'key-3'].map((key) => registry.openNamespace('shops', key)),
  );
  const [key = '', ...others] = new Set(keys);
  expect([others, ['key-1', 'key-2', 'key-3'].includes(key)]).toEqual([[], true]);
  expect(await registry.openNamespace('shops', 'key-4')).toBe(key);
  expect(await registry.namespaceKey('shops')).toBe(key);
  expect(await registry.openNamespace('banks', 'key-5')).toBe('key-5');
});

it('a token that nobody has cannot be revoked, and leaves nothing behind', async () => {
  expect(await registry.revoke(hashOf('nobody'), at(5))).toBe(false);
  expect(await clients.byTokenHash(hashOf('nobody'))).toBeUndefined();
  expect((await registry.list()).map(({ clientId }) => clientId)).toEqual(['former', 'crm']);
});

it('lists more clients than fit into one page', async () => {
  const many = Array.from({ length: 230 }, (_, n) => ({
    ...crm,
    clientId: `shop-${n}`,
    tokenHash: hashOf(`shop-${n}`),
    createdAt: at(10 + n),
  }));
  // Not all at once: each has seconds, and the store is this process.
  await pMap(many, (client) => registry.add(client), { concurrency: 8 });
  const names = (await registry.list()).map(({ clientId }) => clientId);
  expect(names).toEqual([...many.map(({ clientId }) => clientId).toReversed(), 'former', 'crm']);
});
