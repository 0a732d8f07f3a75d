/** The apiKey of a business number: its own, or the stage's. One number's key never touches another's. */
import { beforeEach, describe, expect, it } from 'vitest';
import { makeApiKeys, ownKeyParameter } from '../../../src/lib/lipachat/api-keys.ts';
import { AppError } from '../../../src/lib/platform/errors.ts';
import type { PhoneNumber } from '../../../src/lib/whatsapp/phone.ts';
import {
  BUSINESS,
  CUSTOMER,
  idOf,
  NOW,
  OTHER_BRAND,
  sampleRequest,
  sampleSession,
} from '../../support/fakes/samples.ts';
import { fakeSecret } from '../../support/fakes/secret.ts';
import { makeWorld, type Process, type World } from '../../support/fakes/world.ts';

describe('apiKeys', () => {
  it('are the number’s own for each listed number, and the stage’s for all others', async () => {
    const asked: string[] = [];
    const keys = makeApiKeys({
      shared: fakeSecret('shared'),
      numbersWithOwnKey: [OTHER_BRAND],
      ownKeyOf: (business) => {
        asked.push(business);
        return fakeSecret(`own-${business}`);
      },
    });
    expect(await keys.of(OTHER_BRAND).get()).toBe(`own-${OTHER_BRAND}`);
    expect(await keys.of(BUSINESS).get()).toBe('shared');
    // One object for each account: its cache is shared by all calls.
    expect(keys.of(OTHER_BRAND)).toBe(keys.of(OTHER_BRAND));
    expect(asked).toEqual([OTHER_BRAND]);
  });

  it('need no memory and no parameter for numbers that a client makes up', () => {
    const shared = fakeSecret('shared');
    const ownKeyOf = () => expect.fail('a parameter was opened for a number that is not listed');
    const keys = makeApiKeys({ shared, numbersWithOwnKey: [], ownKeyOf });
    for (let n = 0; n < 10_000; n += 1)
      expect(keys.of(String(254_110_000_000 + n) as PhoneNumber)).toBe(shared);
  });

  it('have a parameter whose name has the stage and the number', () => {
    expect(ownKeyParameter('prod', '254110090747')).toBe(
      '/lipaflow/prod/lipachat/numbers/254110090747/api-key',
    );
  });
});

describe('a send', () => {
  let world: World;
  let p: Process;
  const pair = { business: OTHER_BRAND, customer: CUSTOMER };
  const own = (id: string, changes = {}) =>
    sampleRequest({ messageId: idOf(id), from: OTHER_BRAND, ...changes });
  const shared = (id: string) => sampleRequest({ messageId: idOf(id) });

  beforeEach(async () => {
    world = makeWorld();
    p = world.process('p');
    await world.sessions.create(sampleSession());
    await world.sessions.create(sampleSession(NOW, pair));
  });

  it('from each brand’s number carries this brand’s key', async () => {
    await p.send({ request: own('a') });
    await p.send({ request: shared('b') });
    expect(world.gateway.calls.map(({ request, apiKey }) => [request.from, apiKey])).toEqual([
      [OTHER_BRAND, 'own-key-1'],
      [BUSINESS, 'key-1'],
    ]);
  });

  it('with a refused key makes only this brand’s key be read again', async () => {
    world.ownKey.rotate('own-key-2');
    world.gateway.apiKeys = ['key-1', 'own-key-2'];
    expect(await p.send({ request: own('a') })).toMatchObject({ kind: 'sent' });
    expect(await p.send({ request: shared('b') })).toMatchObject({ kind: 'sent' });
    expect(world.gateway.calls.map(({ apiKey }) => apiKey)).toEqual(['own-key-1', 'own-key-2', 'key-1']);
    expect([world.ownKey.refreshes, world.apiKey.refreshes]).toEqual([1, 0]);
  });

  it('never falls back to another brand’s key, and does not stop the other brand', async () => {
    world.ownKey.breakWith(new AppError('gateway-credentials', 'No key.', { retryAfter: 5 }));
    await expect(p.send({ request: own('a') })).rejects.toMatchObject({ code: 'gateway-credentials' });
    expect([world.gateway.calls, world.messages.all()]).toEqual([[], []]);
    expect(await p.send({ request: shared('b') })).toMatchObject({ kind: 'sent' });
  });

  it('of a template message carries the brand’s key, from the sweeper too', async () => {
    world.clock.advance(25 * 3_600_000);
    world.gateway.apiKeys = ['own-key-1'];
    const template = { name: 'hello', languageCode: 'en' };
    const unreached = { kind: 'notSent', reason: 'LipaChat could not be reached' } as const;
    world.gateway.nextTemplates(unreached, unreached);
    await p.send({ request: own('a', { whenClosed: 'template', template }) });
    expect(world.gateway.templates).toEqual([]);
    for (let n = 0; n < 5; n += 1) {
      world.clock.advance(60_000);
      await p.sweep();
    }
    expect(world.gateway.templates.map((sent) => sent.pair.business)).toEqual([OTHER_BRAND]);
  });
});
