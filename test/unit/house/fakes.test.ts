/** Every fake shares a suite with the adapter that it replaces. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (directory: string): ReadonlyMap<string, string> => {
  const url = new URL(`../../${directory}/`, import.meta.url);
  const names = readdirSync(url).filter((name) => name.endsWith('.ts'));
  return new Map(names.map((name) => [name, readFileSync(new URL(name, url), 'utf8')]));
};

const fakes = [...read('support/fakes').values()].flatMap((text) =>
  [...text.matchAll(/^export function ((?:fake|manual|named)\w+)/gm)].map(([, name = '']) => name),
);

/** The factory of the adapter, by fake. */
const ADAPTERS: Readonly<Record<string, string>> = {
  fakeAliases: 'makeMessageAliasStore',
  fakeBus: 'makeEventBus',
  fakeCallbackQueue: 'makeCallbackQueue',
  fakeCallbacks: 'makeCallbackStore',
  fakeCampaignQueue: 'makeCampaignQueue',
  fakeCampaigns: 'makeCampaignStore',
  fakeClients: 'makeClientStore',
  fakeErasedOptOuts: 'makeErasedOptOutStore',
  fakeErasureQueue: 'makeErasureQueue',
  fakeErasures: 'makeErasureStore',
  fakeFailureStreaks: 'makeFailureStreakStore',
  fakeGateway: 'makeLipaChat',
  fakeLedger: 'makeLedgerStore',
  fakeMessages: 'makeMessageStore',
  fakeObjects: 'makeObjectStore',
  fakeOldUnmatched: 'makeOldUnmatchedStore',
  fakePersonAliases: 'makePersonAliasStore',
  fakePlanQueue: 'makePlanQueue',
  fakeQueue: 'makeDeliveryQueue',
  fakeRateLimits: 'makeRateLimitStore',
  fakeSecret: 'makeSecret',
  fakeSessions: 'makeSessionStore',
  fakeTelemetry: 'makeTelemetry',
  fakeTemplateLocks: 'makeTemplateLockStore',
  fakeTombstones: 'makeTombstoneStore',
  fakeUnmatchedQueue: 'makeCallbackQueue',
  manualClock: 'systemClock',
  namedRandom: 'systemRandom',
};

describe('a fake', () => {
  it('has an adapter', () => {
    expect(fakes.toSorted()).toEqual(Object.keys(ADAPTERS).toSorted());
  });

  it.each(Object.entries(ADAPTERS))('%s shares a suite with %s', (fake, adapter) => {
    const shared = [...read('contract')].filter(([, text]) => text.includes(fake) && text.includes(adapter));
    expect(shared.map(([name]) => name)).not.toEqual([]);
  });

  it('of the table is run by suites that cover every engine', () => {
    const suites = [...read('contract')].filter(([, text]) => text.includes('describe.each(engines)'));
    const all = suites.map(([, text]) => text).join('\n');
    const stores = ['messages', 'sessions', 'callbacks', 'aliases', 'clients', 'templateLocks', 'campaigns'];
    for (const store of [
      ...stores,
      'ledger',
      'rateLimits',
      'erasedOptOuts',
      'tombstones',
      'erasures',
      'personAliases',
      'oldUnmatched',
    ]) {
      expect(all).toMatch(new RegExp(`stores\\.${store}\\b`));
    }
  });
});
