/** Pages of campaigns beside other clients': the same campaigns, and the same ends of pages, as without them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CampaignId } from '../../../src/lib/campaigns/campaign-id.ts';
import { makeListCampaigns } from '../../../src/lib/campaigns/ownership/list.ts';
import { campaignKeyIn, ownerOf, ownIdOf } from '../../../src/lib/campaigns/ownership/owned.ts';
import type { ApiClient } from '../../../src/lib/clients/ports.ts';
import type { Caller } from '../../../src/lib/platform/caller.ts';
import { sampleCampaign } from '../../support/fakes/campaign-samples.ts';
import { fakeCampaigns } from '../../support/fakes/campaigns.ts';
import { manualClock } from '../../support/fakes/clock.ts';
import { BUSINESS, later, NOW } from '../../support/fakes/samples.ts';

type Client = Pick<Caller, 'clientId' | 'namespaceKey' | 'numbers'>;

const crm: Client = { clientId: 'crm', namespaceKey: 'Y3Jt' };
const bank: Client = { clientId: 'bank', namespaceKey: 'Y3Jt' };
const shop: Client = { clientId: 'shop' };
const other: Client = { clientId: 'other', numbers: ['254700000000'] };

const entryOf = ({ clientId, namespaceKey, numbers }: Client): ApiClient => ({
  clientId,
  scopes: ['campaigns'],
  ...(namespaceKey === undefined ? {} : { namespace: { name: namespaceKey, key: namespaceKey } }),
  ...(numbers ? { numbers } : {}),
});

function world() {
  const campaigns = fakeCampaigns(manualClock(NOW));
  const clientDirectory = { list: () => Promise.resolve([crm, bank, shop, other].map(entryOf)) };
  const list = makeListCampaigns({ campaigns, clientDirectory });
  const add = (
    client: Client,
    name: string,
    { second, isOf01 = false }: { second: number; isOf01?: boolean },
  ) => {
    const own = name as CampaignId;
    const campaign = sampleCampaign({
      ...ownerOf({ clientId: client.clientId, namespaceKey: client.namespaceKey }, own),
      campaignId: campaignKeyIn(client.namespaceKey, own),
      createdAt: later(second),
      ...(isOf01 ? { idKey: undefined } : {}),
    });
    const from = (client.numbers?.[0] ?? BUSINESS) as typeof BUSINESS;
    return campaigns.create({ ...campaign, message: { ...campaign.message, from } });
  };
  /** The ids of all pages of a caller. */
  const pages = async (caller: Caller): Promise<string[][]> => {
    const all: string[][] = [];
    let after: string | undefined;
    do {
      const page = await list(caller, after);
      all.push(page.campaigns.map(ownIdOf));
      after = page.next ?? undefined;
    } while (after !== undefined);
    return all;
  };
  return { add, pages };
}

const asking = (client: Client, seesAll = false): Caller => ({ ...client, seesAll });

describe('the campaigns of a client', () => {
  it('are the same, page by page, whatever another client creates', async () => {
    const one = fc.record({ second: fc.nat({ max: 40 }), isOf01: fc.boolean() });
    const property = fc.asyncProperty(
      fc.array(one, { maxLength: 60 }),
      fc.array(one, { maxLength: 80 }),
      async (own, theirs) => {
        const [alone, beside] = [world(), world()];
        for (const [n, at] of own.entries())
          for (const there of [alone, beside]) await there.add(shop, `own-${n}`, at);
        for (const [n, at] of theirs.entries()) await beside.add(n % 2 ? other : crm, `theirs-${n}`, at);
        const pages = await beside.pages(asking(shop));
        expect(pages).toEqual(await alone.pages(asking(shop)));
        expect(pages.flat()).toHaveLength(own.length);
        for (const page of pages.slice(0, -1)) expect(page).toHaveLength(25);
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });

  it('are on one page if they fill it', async () => {
    const { add, pages } = world();
    for (let n = 0; n < 25; n += 1) await add(shop, `own-${n}`, { second: n });
    for (let n = 0; n < 60; n += 1) await add(crm, `theirs-${n}`, { second: n, isOf01: true });
    expect((await pages(asking(shop))).map((page) => page.length)).toEqual([25]);
  });
});

describe('an admin', () => {
  const all = async (caller: Caller) => {
    const { add, pages } = world();
    for (const [n, client] of [crm, bank, shop, other].entries())
      await add(client, `of-${client.clientId}`, { second: n });
    await add({ clientId: 'iam' }, 'of-iam', { second: 9 });
    return (await pages(caller)).flat();
  };
  const ops: Client = { clientId: 'ops' };

  it('without a namespace lists the campaigns of all, newest first', async () => {
    expect(await all(asking(ops, true))).toEqual(['of-iam', 'of-other', 'of-shop', 'of-bank', 'of-crm']);
  });

  it('in a namespace lists those of the namespace', async () => {
    expect(await all(asking({ ...ops, namespaceKey: 'Y3Jt' }, true))).toEqual(['of-bank', 'of-crm']);
  });

  it('with numbers lists those of its numbers', async () => {
    expect(await all(asking({ ...ops, numbers: ['254700000000'] }, true))).toEqual(['of-other']);
  });

  it('is no admin without the scope', async () => {
    expect(await all(asking(ops))).toEqual([]);
  });
});
