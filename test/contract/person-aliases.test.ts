import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PersonAlias } from '../../src/lib/sessions/person.ts';
import type { UserId } from '../../src/lib/whatsapp/customer.ts';
import type { PhoneNumber } from '../../src/lib/whatsapp/phone.ts';
import { BUSINESS, CUSTOMER, later, NOW } from '../support/fakes/samples.ts';
import { engines, type Stores } from './engines.ts';

describe.each(engines)('the aliases of people on $name', ({ open }) => {
  let stores: Stores;
  let ids = 0;
  beforeAll(async () => {
    stores = await open();
  });
  afterAll(() => stores.close());

  const newAlias = (changes: Partial<PersonAlias> = {}): PersonAlias => {
    ids += 1;
    const key = { business: BUSINESS, userId: `KE.${ids}` as UserId };
    return { key, number: CUSTOMER, namedAt: NOW, ...changes };
  };

  it('are read as they were stored', async () => {
    const userId = 'US.ENT.11815799212886844830' as UserId;
    const key = { business: BUSINESS, userId };
    const alias = newAlias({ key, unmerged: [userId, '254700000001' as PhoneNumber] });
    expect(await stores.personAliases.create(alias)).toMatchObject({ done: true, stored: { value: alias } });
    expect((await stores.personAliases.get(key))?.value).toEqual(alias);
  });

  it('are replaced only as they were read', async () => {
    const alias = newAlias({ unmerged: [] });
    const first = (await stores.personAliases.create(alias)).stored;
    if (!first) throw new Error('nothing is stored');
    const merged = { ...alias, unmerged: undefined };
    expect(await stores.personAliases.replace(first, merged)).toMatchObject({ done: true });
    expect(await stores.personAliases.replace(first, alias)).toMatchObject({ done: false });
    expect((await stores.personAliases.get(alias.key))?.value.unmerged).toBeUndefined();
  });

  it('belong to one business number, and are gone once they were dropped', async () => {
    const alias = newAlias();
    await stores.personAliases.create(alias);
    const elsewhere = { ...alias.key, business: '254110090748' as PhoneNumber };
    expect(await stores.personAliases.get(elsewhere)).toBeUndefined();
    await stores.personAliases.drop(alias.key);
    await stores.personAliases.drop(alias.key);
    expect(await stores.personAliases.get(alias.key)).toBeUndefined();
  });

  it('end after 400 days, and no later than the session that lists them', async () => {
    const from = stores.clock.now();
    const alias = newAlias({ namedAt: from });
    const pair = { business: BUSINESS, customer: '254700000099' as PhoneNumber };
    await stores.personAliases.create(alias);
    await stores.sessions.create({ pair, known: { userIds: [alias.key.userId], namedAt: from } });
    stores.clock.moveTo(later(399 * 86_400, from));
    expect(await stores.personAliases.get(alias.key)).toBeDefined();
    expect((await stores.sessions.get(pair))?.value.known?.userIds).toEqual([alias.key.userId]);
    stores.clock.moveTo(later(401 * 86_400, from));
    expect(await stores.personAliases.get(alias.key)).toBeUndefined();
    expect(await stores.sessions.get(pair)).toBeUndefined();
  });
});
