/** The apiKey of a business number: its own, or the stage's. One number's key never touches another's. */
import { beforeEach, describe, expect, it } from 'vitest';
import { makeApiKeys, ownKeyParameter } from '../../../src/lib/lipachat/api-keys.ts';
import { AppError } from '../../../src/lib/platform/errors.ts';
import type { Secret } from '../../../src/lib/platform/ports.ts';
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

  describe('without a list', () => {
    const fault = (name: string) =>
      new AppError('gateway-credentials', 'No key.', { cause: Object.assign(new Error(), { name }) });
    const broken = (name: string) => {
      const secret = fakeSecret('own');
      secret.breakWith(fault(name));
      return secret;
    };
    const keysWith = (own: Secret, shared = fakeSecret('shared')) =>
      makeApiKeys({ shared, numbersWithOwnKey: undefined, ownKeyOf: () => own });

    it('are the number’s own where it has one, and the stage’s where there is no parameter', async () => {
      expect(await keysWith(fakeSecret('own')).of(BUSINESS).get()).toBe('own');
      const keys = keysWith(broken('ParameterNotFound'));
      expect(await keys.of(BUSINESS).get()).toBe('shared');
    });

    it.each(['AccessDeniedException', 'ThrottlingException', 'NoValue', 'InvalidKeyId', 'TimeoutError'])(
      'are no other key after %s',
      async (name) => {
        const keys = keysWith(broken(name));
        await expect(keys.of(BUSINESS).get()).rejects.toMatchObject({ code: 'gateway-credentials' });
        await expect(keys.of(BUSINESS).newerThan('own')).rejects.toMatchObject({
          code: 'gateway-credentials',
        });
      },
    );

    it('are read again for the account whose key was refused', async () => {
      const [own, shared] = [fakeSecret('own'), fakeSecret('shared')];
      own.rotate('own-2');
      expect(await keysWith(own, shared).of(BUSINESS).newerThan('own')).toBe('own-2');
      expect(shared.refreshes).toBe(0);
      shared.rotate('shared-2');
      expect(await keysWith(broken('ParameterNotFound'), shared).of(BUSINESS).newerThan('shared')).toBe(
        'shared-2',
      );
    });

    it('are kept for the thousand numbers that were used last', () => {
      const opened: string[] = [];
      const ownKeyOf = (business: PhoneNumber) => {
        opened.push(business);
        return fakeSecret('own');
      };
      const keys = makeApiKeys({ shared: fakeSecret('shared'), numbersWithOwnKey: undefined, ownKeyOf });
      const first = keys.of(BUSINESS);
      for (let n = 0; n < 999; n += 1) keys.of(String(255_110_000_000 + n) as PhoneNumber);
      expect(keys.of(BUSINESS)).toBe(first);
      keys.of('256110000000' as PhoneNumber);
      keys.of('255110000000' as PhoneNumber);
      expect(opened.filter((business) => business === '255110000000')).toHaveLength(2);
      expect(keys.of(BUSINESS)).toBe(first);
    });
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
