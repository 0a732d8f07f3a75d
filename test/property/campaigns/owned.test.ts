import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CampaignId } from '../../../src/lib/campaigns/campaign-id.ts';
import { campaignKeyIn, mayUse, ownerOf, ownIdOf } from '../../../src/lib/campaigns/ownership/owned.ts';
import { asMessageId } from '../../../src/lib/messages/message.ts';
import { keyIn } from '../../../src/lib/messages/namespaced.ts';
import { sampleCampaign } from '../../support/fakes/campaign-samples.ts';
import { BUSINESS } from '../../support/fakes/samples.ts';

const key = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes).toString('base64url'));
const campaignId = fc.stringMatching(/^[A-Za-z0-9._:~-]{1,100}$/).map((id) => id as CampaignId);
const namespaceKey = fc.option(key, { nil: undefined });
const clientId = fc.constantFrom('crm', 'shop');
const OTHER: string = '254700000000';
const numbers = fc.constantFrom<string[] | undefined>(undefined, [BUSINESS], [OTHER], [BUSINESS, OTHER]);
const caller = fc.record({ clientId, seesAll: fc.boolean(), namespaceKey, numbers });

describe('the key of a campaign', () => {
  it('is another one in each namespace and for each id, and none of a message', () => {
    fc.assert(
      fc.property(key, key, campaignId, campaignId, (a, b, id, other) => {
        expect(campaignKeyIn(undefined, id)).toBe(id);
        expect(campaignKeyIn(a, id) === campaignKeyIn(b, other)).toBe(a === b && id === other);
        expect(campaignKeyIn(a, id)).not.toBe(keyIn(a, asMessageId(other) ?? expect.fail()));
      }),
    );
  });

  it('leads back to the own id', () => {
    fc.assert(
      fc.property(caller, campaignId, (by, id) => {
        const campaign = { campaignId: campaignKeyIn(by.namespaceKey, id), ...ownerOf(by, id) };
        expect(ownIdOf(campaign)).toBe(id);
      }),
    );
  });
});

describe('a caller may use a campaign', () => {
  const of = (by: Parameters<typeof ownerOf>[0]) => sampleCampaign(ownerOf(by, 'spring' as CampaignId));

  it('of its own, at its numbers', () => {
    fc.assert(
      fc.property(caller, (by) => {
        const isAtItsNumbers = by.numbers === undefined || by.numbers.some((one) => one === BUSINESS);
        expect(mayUse(of(by), by)).toBe(isAtItsNumbers);
      }),
    );
  });

  it('of another client only if it sees all, in its namespace or from outside of all', () => {
    fc.assert(
      fc.property(caller, namespaceKey, (by, other) => {
        const theirs = of({ clientId: 'other', namespaceKey: other });
        const isInReach = by.seesAll && (by.namespaceKey === undefined || by.namespaceKey === other);
        expect(mayUse(theirs, { ...by, numbers: undefined })).toBe(isInReach);
        expect(mayUse(theirs, { ...by, numbers: [OTHER] })).toBe(false);
      }),
    );
  });
});
