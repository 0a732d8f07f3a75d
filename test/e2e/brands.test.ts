/** Two brands in one deployment: two business numbers, two LipaChat accounts, two apiKeys, over the built functions. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ownKeyParameter } from '../../src/lib/lipachat/api-keys.ts';
import { clock, type Fleet, startFleet, sweep } from '../support/fleet/fleet.ts';
import { deliverTo } from '../support/fleet/lanes.ts';
import { processOf } from '../support/fleet/steps.ts';
import { until } from '../support/fleet/wait.ts';

const BRAND = '254110090755';
/** Listed, without a stored key. */
const UNSET = '254110090766';
const PARAMETER = ownKeyParameter('local', BRAND);
const TEMPLATE = { whenClosed: 'template', template: { name: 'hello', languageCode: 'en' } };

let fleet: Fleet;
let ownKey: string;

beforeAll(async () => {
  fleet = await startFleet({
    settings: { NUMBERS_WITH_OWN_KEY: `${BRAND},${UNSET}` },
    counts: { worker: 1 },
  });
  fleet.canaries.numbers.push(BRAND, UNSET);
  ownKey = fleet.canaries.secret('own-key');
});
beforeEach(async () => {
  await fleet.aws.reset();
  await fleet.aws.setParameter(PARAMETER, ownKey);
  await fleet.lipachat.configure({
    apiKeys: [fleet.apiKey],
    apiKeysByNumber: { [BRAND]: [ownKey], [UNSET]: ['a-key-that-only-lipachat-knows'] },
  });
});
afterAll(() => fleet.stop());

/** With an open window with the other brand. */
const customerOf = async (business: string): Promise<string> => {
  const customer = fleet.canaries.number();
  await fleet.lipachat.writeIn(customer, { to: business });
  return customer;
};
const flowOf = async (business: string) => fleet.flow({ from: business, to: await customerOf(business) });
const readsOf = async (match = ''): Promise<number> => (await fleet.aws.requests(match))['GetParameter'] ?? 0;

describe('each brand', () => {
  it('sends with its own key, and LipaChat sees no wrong one', async () => {
    const [own, shared] = [await flowOf(BRAND), fleet.flow()];
    expect(await fleet.send(own)).toMatchObject({ status: 201 });
    expect(await fleet.send(shared)).toMatchObject({ status: 201 });
    for (const { messageId } of [own, shared])
      expect(await fleet.lipachat.calls(messageId)).toMatchObject([
        { apiKeyRight: true, outcome: 'accepted' },
      ]);
  });

  it('does so from the worker and for template messages, by the API and by the sweeper', async () => {
    const queued = await flowOf(BRAND);
    expect(await fleet.send(queued, { headers: { Prefer: 'respond-async' } })).toMatchObject({ status: 202 });
    await deliverTo(processOf(fleet, 'worker'), queued.messageId);
    expect(await fleet.lipachat.calls(queued.messageId)).toMatchObject([{ apiKeyRight: true }]);

    const invite = () => ({ ...fleet.flow({ from: BRAND, to: fleet.canaries.number() }), ...TEMPLATE });
    const templatesTo = async (customer: string) =>
      (await fleet.lipachat.deliveries()).filter(({ to, kind }) => to === customer && kind === 'template');
    const atOnce = invite();
    expect((await fleet.send(atOnce)).status).toBe(202);
    expect(await templatesTo(atOnce.to)).toMatchObject([{ from: BRAND }]);

    await fleet.lipachat.configure({ apiKeysByNumber: { [BRAND]: ['a-key-that-only-lipachat-knows'] } });
    const later = invite();
    expect((await fleet.send(later)).status).toBe(202);
    expect(await templatesTo(later.to)).toEqual([]);
    await fleet.lipachat.configure({ apiKeysByNumber: { [BRAND]: [ownKey] } });
    const sweeper = await fleet.spawn('sweeper', clock({ ahead: 600_000 }));
    await until('the sweeper to send the template message', async () => {
      await sweep(sweeper);
      return (await templatesTo(later.to)).length > 0 || undefined;
    });
  });

  it('never sends with the other’s key, however its own is out of order', async () => {
    const flow = await flowOf(UNSET);
    for (const fault of [undefined, 'denied', 'throttle', 'unavailable'] as const) {
      const cold = await fleet.spawn('sendFlow');
      if (fault) await fleet.aws.addFaults({ target: 'GetParameter', match: UNSET, fault, times: null });
      expect(await fleet.sendThrough(cold, flow)).toMatchObject({
        status: 503,
        json: { code: 'gateway-credentials' },
      });
      // The other brand's sends go on in the same process.
      expect(await fleet.sendThrough(cold, fleet.flow())).toMatchObject({ status: 201 });
      await fleet.aws.clearFaults();
      await cold.stop();
    }
    expect(await fleet.lipachat.calls(flow.messageId)).toEqual([]);
    expect(await fleet.table.message(flow.messageId)).toBeUndefined();
  });

  it('leaves the other’s key alone when its own is refused', async () => {
    const process = await fleet.spawn('sendFlow');
    expect(await fleet.sendThrough(process, fleet.flow())).toMatchObject({ status: 201 });
    expect(await fleet.sendThrough(process, await flowOf(BRAND))).toMatchObject({ status: 201 });
    await fleet.aws.reset();
    await fleet.lipachat.configure({ apiKeysByNumber: { [BRAND]: ['a-key-that-only-lipachat-knows'] } });
    for (let n = 0; n < 5; n += 1)
      expect(await fleet.sendThrough(process, await flowOf(BRAND))).toMatchObject({ status: 503 });
    expect(await fleet.sendThrough(process, fleet.flow())).toMatchObject({ status: 201 });
    expect([await readsOf(PARAMETER), await readsOf()]).toEqual([1, 1]);
    await process.stop();
  });
});

describe('the parameter store', () => {
  it('is asked once by a cold process of a stage with one account', async () => {
    const process = await fleet.spawn('sendFlow', { NUMBERS_WITH_OWN_KEY: 'none' });
    expect(await fleet.sendThrough(process, fleet.flow())).toMatchObject({ status: 201 });
    expect(await readsOf()).toBe(1);
    await process.stop();
  });

  it('tells an own key without a list, after `setup --number` and no deployment', async () => {
    const process = await fleet.spawn('sendFlow', { NUMBERS_WITH_OWN_KEY: '' });
    expect(await fleet.sendThrough(process, await flowOf(BRAND))).toMatchObject({ status: 201 });
    expect(await fleet.sendThrough(process, fleet.flow())).toMatchObject({ status: 201 });
    for (let n = 0; n < 20; n += 1) await fleet.sendThrough(process, fleet.flow());
    expect([await readsOf(`numbers/${BRAND}`), await readsOf()]).toEqual([1, 3]);
    await process.stop();
  });

  it('is asked for no number that a client makes up', async () => {
    const process = await fleet.spawn('sendFlow');
    expect(await fleet.sendThrough(process, fleet.flow())).toMatchObject({ status: 201 });
    await fleet.aws.reset();
    for (let n = 0; n < 100; n += 1)
      await fleet.sendThrough(process, fleet.flow({ from: String(254_720_000_000 + n) }));
    expect(await readsOf('/lipachat/numbers/')).toBe(0);
    await process.stop();
  });

  it('is asked once for a key that is missing, however often a client sends from this number', async () => {
    const process = await fleet.spawn('sendFlow');
    const { to } = await flowOf(UNSET);
    for (let n = 0; n < 20; n += 1)
      expect(await fleet.sendThrough(process, fleet.flow({ from: UNSET, to }))).toMatchObject({
        status: 503,
      });
    expect(await readsOf(ownKeyParameter('local', UNSET))).toBe(1);
    await process.stop();
  });
});
