/** A plan made in parts, by planners that die, overlap and run out of time, is the plan made in one go. */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makePlanner } from '../../../../src/lib/campaigns/plan/plan.ts';
import { AppError } from '../../../../src/lib/platform/errors.ts';
import type { ErasedOptOutStore, SessionStore } from '../../../../src/lib/sessions/ports.ts';
import type { Pair } from '../../../../src/lib/whatsapp/phone.ts';
import type { Session } from '../../../../src/lib/whatsapp/session-window.ts';
import { sampleCampaign } from '../../../support/fakes/campaign-samples.ts';
import { fakeCampaigns, fakeObjects, fakePlanQueue } from '../../../support/fakes/campaigns.ts';
import { manualClock, namedRandom } from '../../../support/fakes/clock.ts';
import { type Link, straight } from '../../../support/fakes/link.ts';
import { later, NOW } from '../../../support/fakes/samples.ts';
import { fakeErasedOptOuts, fakeSessions, fakeTombstones } from '../../../support/fakes/stores.ts';
import { fakeTelemetry } from '../../../support/fakes/telemetry.ts';

const SOURCE = 'uploads/1';
const PLAN = 'plan-1';
/** No end in sight. */
const ALL = { rows: Number.POSITIVE_INFINITY };

const OPEN = { openedAt: NOW, lastInboundAt: NOW, expiresAt: later(86_400) };

class Crash extends Error {}

/** At its last call, the process dies: before or after the call is applied. */
function mortal({ calls, applied }: { readonly calls: number; readonly applied: boolean }): Link {
  let left = calls;
  return async (_, apply) => {
    await Promise.resolve();
    left -= 1;
    if (left < 0 || (left === 0 && !applied)) throw new Crash();
    const result = apply();
    if (left === 0) throw new Crash();
    return result;
  };
}

const cell = fc.constantFrom('Asha', '"Juma\r\nthe tall"', '"a,b"', 'é😀', '', 'x'.repeat(1_100));
const number = fc.oneof(
  fc.integer({ min: 0, max: 30 }).map((k) => String(254_700_000_000 + k)),
  fc.constantFrom('525512345678', '5215512345678', '5511987654321', '551187654321', '49123456789012345'),
  fc.constantFrom('0712', '', '2.547E+11', '"254"'),
);
const files = fc.record({
  rows: fc.array(fc.tuple(number, cell), { maxLength: 40, size: 'max' }),
  lineBreak: fc.constantFrom('\n', '\r\n', '\r'),
  form: fc.constantFrom('text', 'utf16', 'gzip'),
  format: fc.constantFrom('csv' as const, 'jsonl' as const),
});
type File = typeof files extends fc.Arbitrary<infer F> ? F : never;

function bytesOf({ rows, lineBreak, form, format }: File): Buffer {
  const lines =
    format === 'csv'
      ? ['to,name', ...rows.map(([to, name]) => `${to},${name}`)]
      : rows.map(([to, name]) => (to === '0712' ? '{' : JSON.stringify({ to, name })));
  const text = lines.join(lineBreak);
  if (form === 'utf16') return Buffer.from(`\ufeff${text}`, 'utf16le');
  return form === 'gzip' ? gzipSync(text) : Buffer.from(text);
}

const dies = fc.record({ calls: fc.integer({ min: 1, max: 40 }), applied: fc.boolean() });
const invocation = fc.record({
  dies: fc.option(dies, { nil: undefined }),
  /** Its time is short from the start. */
  short: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  twice: fc.boolean(),
});
const stories = fc.record({
  invocations: fc.array(invocation, { maxLength: 12, size: 'max' }),
  partRows: fc.constantFrom(1, 2, 5, 17),
  dryRun: fc.boolean(),
});

function world(file: File, dryRun: boolean) {
  const clock = manualClock(NOW);
  const campaigns = fakeCampaigns(clock);
  const objects = fakeObjects();
  const planQueue = fakePlanQueue();
  const tombstones = fakeTombstones();
  objects.place(SOURCE, bytesOf(file));
  const last = ({ customer }: Pair) => Number(customer.at(-1));
  const sessions: Pick<SessionStore, 'getMany'> = {
    getMany: async (pairs) =>
      pairs.map((pair): Session | undefined => (last(pair) % 2 === 0 ? { pair, window: OPEN } : undefined)),
  };
  const erasedOptOuts: Pick<ErasedOptOutStore, 'whoOptedOut'> = {
    whoOptedOut: async (pairs) => pairs.map((pair) => last(pair) === 3),
  };
  const planning = { planId: PLAN, dryRun, since: NOW, rows: 0, tries: 1 };
  const source = { bucket: objects.bucket, key: SOURCE, format: file.format, given: 'upload' } as const;
  const campaign = sampleCampaign({ state: 'planning', planning, plan: undefined, source });
  let processes = 0;

  function planner(link: Link, partRows?: number) {
    processes += 1;
    return makePlanner({
      campaigns: campaigns.over(link),
      objects: objects.over(link),
      planQueue: planQueue.over(link),
      tombstones: tombstones.over(link),
      sessions: { ...fakeSessions(clock), ...sessions },
      erasedOptOuts: { ...fakeErasedOptOuts(), ...erasedOptOuts },
      clock,
      random: namedRandom(`process-${processes}`),
      telemetry: fakeTelemetry(),
      sessionMarginSeconds: 60,
      partRows,
    });
  }

  const stored = async () => (await campaigns.get(campaign.campaignId))?.value ?? campaign;
  const textOf = (keys: readonly string[]) => keys.map((key) => objects.contentOf(key) ?? 'gone').join('');

  return {
    clock,
    planQueue,
    planner,
    stored,
    campaignId: campaign.campaignId,
    place: objects.place,
    begin: () => campaigns.create(campaign),
    /** What was planned, whatever the objects are called. */
    async outcome() {
      const { state, reason, plan } = await stored();
      const { parts, rejectedKeys, ...figures } = plan ?? {};
      const lines = parts && textOf(parts.map(({ key }) => key));
      const bytes = parts?.reduce((sum, part) => sum + part.bytes, 0);
      return { state, reason, ...figures, lines, bytes, rejectedLines: rejectedKeys && textOf(rejectedKeys) };
    },
  };
}

const isFault = (fault: unknown) => fault instanceof Crash || fault instanceof AppError;

describe('a plan in parts', () => {
  it('has the recipients, figures and rejected rows of a plan in one go', async () => {
    let [most, resumed] = [0, 0];
    await fc.assert(
      fc.asyncProperty(files, stories, async (file, { invocations, partRows, dryRun }) => {
        const whole = world(file, dryRun);
        await whole.begin();
        await whole.planner(straight).plan(whole.campaignId, PLAN, ALL);

        const cut = world(file, dryRun);
        await cut.begin();
        for (const { dies: end, short, twice } of invocations) {
          if ((await cut.stored()).state !== 'planning') break;
          const deadlineAt = short ? cut.clock.now() : undefined;
          const before = (await cut.stored()).planning?.checkpoint;
          if (before) resumed += 1;
          const run = (link: Link) =>
            cut
              .planner(link, partRows)
              .plan(cut.campaignId, PLAN, deadlineAt ? { deadlineAt } : ALL)
              .catch((fault) => {
                if (!isFault(fault)) throw fault;
              });
          await Promise.all([run(end ? mortal(end) : straight), ...(twice ? [run(straight)] : [])]);
          const { state, planning } = await cut.stored();
          if (short && !end && state === 'planning') {
            expect(planning?.checkpoint?.rows).toBeGreaterThan(before?.rows ?? 0);
            expect(cut.planQueue.take()).not.toEqual([]);
          }
        }
        await cut.planner(straight, partRows).plan(cut.campaignId, PLAN, ALL);
        expect(await cut.outcome()).toEqual(await whole.outcome());
        most = Math.max(most, (await cut.stored()).plan?.parts?.length ?? 0);
      }),
      { numRuns: 300 },
    );
    expect(most).toBeGreaterThan(5);
    expect(resumed).toBeGreaterThan(100);
  });

  it('fails, and says why, if the file changes in between, or what was planned is gone', async () => {
    const rows: File['rows'] = [
      ['254700000001', 'Asha'],
      ['254700000002', 'Juma'],
    ];
    const file: File = { rows, lineBreak: '\n', form: 'text', format: 'csv' };
    for (const [key, reason] of [
      [SOURCE, 'the file changed while it was being planned: plan again'],
      ['checkpoint', 'the first part of the plan is gone: plan again'],
    ] as const) {
      const one = world(file, false);
      await one.begin();
      await one.planner(straight).plan(one.campaignId, PLAN, { deadlineAt: later(1) });
      const { planning } = await one.stored();
      expect(planning).toMatchObject({ rows: 1, tries: 1, checkpoint: { rows: 1 } });
      one.place(
        key === SOURCE ? key : (planning?.checkpoint?.key ?? ''),
        key === SOURCE ? 'to\n1\n' : undefined,
      );
      await one.planner(straight).plan(one.campaignId, PLAN, ALL);
      expect(await one.outcome()).toMatchObject({ state: 'draft', reason });
    }
  });
});
