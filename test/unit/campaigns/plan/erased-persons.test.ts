/** A plan of a file that was put before an erasure: nothing of the person gets into an object. */
import { describe, expect, it } from 'vitest';
import { makePlanner } from '../../../../src/lib/campaigns/plan/plan.ts';
import type { PhoneNumber } from '../../../../src/lib/whatsapp/customer.ts';
import { sampleCampaign } from '../../../support/fakes/campaign-samples.ts';
import { fakeCampaigns, fakeObjects, fakePlanQueue } from '../../../support/fakes/campaigns.ts';
import { manualClock, namedRandom } from '../../../support/fakes/clock.ts';
import { BUSINESS, later, NOW } from '../../../support/fakes/samples.ts';
import { fakeErasedOptOuts, fakeSessions, fakeTombstones } from '../../../support/fakes/stores.ts';
import { fakeTelemetry } from '../../../support/fakes/telemetry.ts';

const [FIRST, ERASED, LAST] = ['254700000001', '254717746565', '254700000003'] as PhoneNumber[];

/** The file is put at `NOW`. */
async function planWith({ erasedAt, business = BUSINESS }: { erasedAt: Date; business?: PhoneNumber }) {
  const clock = manualClock(NOW);
  const [campaigns, objects, tombstones] = [fakeCampaigns(clock), fakeObjects(), fakeTombstones()];
  await tombstones.bury({ business, customer: ERASED as PhoneNumber }, erasedAt);
  objects.place('uploads/1.csv', `to,name\n${FIRST},A\n${ERASED},B\n${LAST},C\n`);
  const planning = { planId: 'plan-1', dryRun: false, since: NOW, rows: 0, tries: 1 };
  const campaign = sampleCampaign({ state: 'planning', planning, plan: undefined });
  await campaigns.create(campaign);
  const planner = makePlanner({
    ...{ campaigns, objects, tombstones, clock, planQueue: fakePlanQueue(), random: namedRandom('plan') },
    ...{ sessions: fakeSessions(clock), erasedOptOuts: fakeErasedOptOuts(), telemetry: fakeTelemetry() },
    ...{ sessionMarginSeconds: 60, partRows: 1 },
  });
  const planned = await planner.plan(campaign.campaignId, 'plan-1', { deadlineAt: later(900) });
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32LE(Number(BigInt(ERASED ?? 0) >> 32n));
  numbers.writeUInt32LE(Number(BigInt(ERASED ?? 0) & 0xffffffffn), 4);
  const made = (await objects.keys('plans/')).filter((key) => key.startsWith('plans/'));
  const contents = await Promise.all(
    made.map((key) => objects.readRange({ bucket: objects.bucket, key }, { offset: 0, length: 100_000 })),
  );
  const isThere = contents.some((bytes) => bytes.includes(ERASED ?? '') || bytes.includes(numbers));
  return {
    counts: planned?.plan?.counts,
    rejected: planned?.plan?.rejected,
    isThere,
    sourceAt: planned?.plan?.sourceAt,
  };
}

describe('a person who was erased', () => {
  it('after the file was put is a rejected row, without the number in any object', async () => {
    const { counts, rejected, isThere, sourceAt } = await planWith({ erasedAt: later(0) });
    expect(counts).toMatchObject({ total: 2, invalid: 1 });
    expect(rejected).toEqual([
      { line: 3, kind: 'invalid', reason: 'names a person who was erased after the file was put' },
    ]);
    expect(isThere).toBe(false);
    expect(sourceAt).toEqual(NOW);
  });

  it.each([
    ['before the file was put', { erasedAt: later(-1) }],
    ['by another business number', { erasedAt: later(9), business: '254110090748' as PhoneNumber }],
  ])('%s is a recipient', async (_, erasure) => {
    const { counts, isThere } = await planWith(erasure);
    expect([counts?.total, counts?.invalid, isThere]).toEqual([3, 0, true]);
  });
});
