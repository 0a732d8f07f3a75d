/** Ids that derive from a campaign's key: those of its recipients and of its runs. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CampaignId, isCampaignId } from '../../../src/lib/campaigns/campaign-id.ts';
import { recipientMessageId } from '../../../src/lib/campaigns/ledger.ts';
import { runIdOf } from '../../../src/lib/campaigns/ownership/owned.ts';
import type { PhoneNumber } from '../../../src/lib/whatsapp/phone.ts';
import { sampleCampaign } from '../../support/fakes/campaign-samples.ts';

const key = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes).toString('base64url'));
const campaignId = fc.stringMatching(/^[A-Za-z0-9._:~-]{1,100}$/).map((id) => id as CampaignId);
const number = fc.stringMatching(/^[1-9]\d{6,14}$/).map((digits) => digits as PhoneNumber);
const at = fc
  .date({ min: new Date('2026-01-01'), max: new Date('2036-01-01'), noInvalidDate: true })
  .map((date) => new Date(Math.floor(date.getTime() / 60_000) * 60_000));
const two = <T>(one: fc.Arbitrary<T>) => fc.tuple(one, one);

describe("a recipient's messageId", () => {
  it('is another one for another key or number, and the same for the same', () => {
    fc.assert(
      fc.property(campaignId, two(key), two(number), (id, [a, b], [to, other]) => {
        const of = (idKey: string, one: PhoneNumber) => recipientMessageId({ campaignId: id, idKey }, one);
        expect(of(a, to)).toBe(of(a, to));
        expect(of(a, to) === of(b, to)).toBe(a === b);
        expect(of(a, to) === of(a, other)).toBe(to === other);
      }),
    );
  });
});

describe('the id of a run', () => {
  const runOf = (id: CampaignId, idKey: string, time: Date) =>
    runIdOf(sampleCampaign({ campaignId: id, idKey }), time);

  it('is a campaignId, and begins with that of its schedule', () => {
    fc.assert(
      fc.property(campaignId, key, at, (id, idKey, time) => {
        const run = runOf(id, idKey, time);
        expect(isCampaignId(run)).toBe(true);
        expect(run.startsWith(id.slice(0, 75))).toBe(true);
      }),
    );
  });

  it('is another one for another minute or another key', () => {
    fc.assert(
      fc.property(campaignId, two(key), two(at), (id, [a, b], [time, other]) => {
        expect(runOf(id, a, time) === runOf(id, b, time)).toBe(a === b);
        expect(runOf(id, a, time) === runOf(id, a, other)).toBe(time.getTime() === other.getTime());
      }),
    );
  });
});
