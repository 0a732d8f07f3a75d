import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOW } from '../support/fakes/samples.ts';
import { engines, type Stores } from './engines.ts';

const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');

describe.each(engines)('API clients on $name', ({ open }) => {
  let stores: Stores;
  beforeAll(async () => {
    stores = await open();
    await stores.addClient(hashOf('one'), { clientId: 'shop', scopes: ['send', 'read'] });
    await stores.addClient(hashOf('gone'), { clientId: 'former', scopes: ['send'], revokedAt: NOW });
  });
  afterAll(() => stores.close());

  it('are found with the namespace that they have', async () => {
    const namespace = { name: 'shops', key: 'c2hvcHMsIHNpeHRlZW4gLg' };
    await stores.addClient(hashOf('named'), { clientId: 'named', scopes: ['send'], namespace });
    expect((await stores.clients.byTokenHash(hashOf('named')))?.namespace).toEqual(namespace);
    expect((await stores.clients.byTokenHash(hashOf('one')))?.namespace).toBeUndefined();
  });

  it('are found with the business numbers that they may use, and without any that no one named', async () => {
    const numbers = ['254110090747', '254110090748'];
    await stores.addClient(hashOf('limited'), { clientId: 'limited', scopes: ['send'], numbers });
    await stores.addClient(hashOf('none'), { clientId: 'none', scopes: ['send'], numbers: [] });
    expect((await stores.clients.byTokenHash(hashOf('limited')))?.numbers).toEqual(numbers);
    expect((await stores.clients.byTokenHash(hashOf('none')))?.numbers).toEqual([]);
    expect((await stores.clients.byTokenHash(hashOf('one')))?.numbers).toBeUndefined();
  });

  it('are found by the hash of their token, with their scopes', async () => {
    const client = await stores.clients.byTokenHash(hashOf('one'));
    expect(client?.clientId).toBe('shop');
    expect([...(client?.scopes ?? [])].sort()).toEqual(['read', 'send']);
  });

  it('are not found by another hash, by part of one, or by the token', async () => {
    for (const hash of [hashOf('two'), hashOf('one').slice(0, 63), hashOf('one').toUpperCase(), 'one', '']) {
      expect(await stores.clients.byTokenHash(hash)).toBeUndefined();
    }
  });

  it('are found with what limits their token: revocation, expiry and addresses', async () => {
    expect(await stores.clients.byTokenHash(hashOf('gone'))).toMatchObject({ revokedAt: NOW });
    const recipientSources = ['s3://crm-exports/whatsapp/'];
    const limits = { expiresAt: NOW, sources: ['203.0.113.0/24', '2001:db8::/32'], recipientSources };
    await stores.addClient(hashOf('limits'), { clientId: 'limits', scopes: ['send'], ...limits });
    expect(await stores.clients.byTokenHash(hashOf('limits'))).toMatchObject(limits);
    const one = await stores.clients.byTokenHash(hashOf('one'));
    expect([one?.revokedAt, one?.expiresAt, one?.sources]).toEqual([undefined, undefined, undefined]);
  });

  it('keep the latest day of their use, and nothing of a token that is none', async () => {
    const { clients } = stores;
    await stores.addClient(hashOf('used'), { clientId: 'used', scopes: ['send'] });
    const lastUsedOn = async () => (await clients.byTokenHash(hashOf('used')))?.lastUsedOn;
    expect(await lastUsedOn()).toBeUndefined();
    for (const [day, after] of [
      ['2026-01-31', '2026-01-31'],
      ['2026-01-30', '2026-01-31'],
      ['2026-01-31', '2026-01-31'],
      ['2026-02-01', '2026-02-01'],
    ] as const) {
      await clients.noteUse(hashOf('used'), day);
      expect(await lastUsedOn()).toBe(after);
    }
    expect(await clients.byTokenHash(hashOf('used'))).toMatchObject({ clientId: 'used', scopes: ['send'] });
    await clients.noteUse(hashOf('nobody'), '2026-01-31');
    expect(await clients.byTokenHash(hashOf('nobody'))).toBeUndefined();
  });
});
