/**
 * Lambda freezes a process as soon as it asks for its next event: after init, and after each answer. Here the processes
 * stop at such a moment, their connections are lost meanwhile, and no caller may see any of it.
 * FREEZES (100) is the number of schedules a function, FREEZES_LONGEST_MS (3000) the longest freeze.
 */
import pMap from 'p-map';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foundIn } from '../../support/fleet/canaries.ts';
import { chanceFor } from '../../support/fleet/chance.ts';
import { type Fleet, startFleet } from '../../support/fleet/fleet.ts';
import { type Freeze, runSchedule, type Schedule, schedulesBy } from '../../support/freezes/schedules.ts';
import { type Subjects, subjectsOf } from '../../support/freezes/subjects.ts';

const SCHEDULES = Number(process.env['FREEZES'] ?? 100);
/** Frozen processes cost nothing. */
const AT_ONCE = 16;
const FUNCTIONS = ['sendFlow', 'webhook', 'callbacks', 'worker', 'publisher'];
/** As far as AWS is from a function: what is begun before a freeze is under way in it. */
const DISTANCE = { target: '*', fault: 'delay', ms: 4, times: null } as const;

let fleet: Fleet;
let subjects: Subjects;

beforeAll(async () => {
  fleet = await startFleet({ settings: { LOG_LEVEL: 'INFO' } });
  await fleet.lipachat.configure({ callbacks: { enabled: false } });
  await fleet.aws.addFaults(DISTANCE);
  subjects = subjectsOf(fleet);
});
afterAll(() => fleet.stop());

const run = async (functionName: string, schedule: Schedule): Promise<string[]> => {
  const happening = subjects[functionName];
  if (!happening) throw new Error(`nothing happens to ${functionName}`);
  const { environment } = fleet;
  const { faults, output } = await runSchedule({ functionName, environment, schedule, happening });
  const { secrets, numbers } = fleet.canaries;
  const leaked = foundIn(output, [...secrets, ...numbers]).map((canary) => `${canary} in the output`);
  return [...faults, ...leaked];
};

describe.each(FUNCTIONS)('%s, frozen at any moment', (functionName) => {
  it(`fails no caller and loses no metric, over ${SCHEDULES} lives`, async () => {
    const schedules = schedulesBy(chanceFor(`freezes of ${functionName}`), SCHEDULES);
    const ends = await pMap(
      schedules,
      async (schedule, n) => {
        const faults = await run(functionName, schedule);
        return faults.length === 0 ? [] : [{ n, faults, schedule: JSON.stringify(schedule) }];
      },
      { concurrency: AT_ONCE },
    );
    expect(ends.flat()).toEqual([]);
  });
});

describe('a request for the apiKey that is lost in the freeze after init', () => {
  const freezeFor = (ms: number, event: Freeze['event']): Freeze => ({
    // Long enough for whatever begins at init to be under way.
    stop: { turns: 0, ms: 40 },
    ms,
    loss: 'blackholed',
    event,
  });

  it.each([
    ['before the thaw', 800],
    ['before the thaw', 3_500],
    ['after the thaw', 800],
    ['after the thaw', 3_500],
  ] as const)('does not fail the first send, whose event comes %s of %i ms', async (event, ms) => {
    await fleet.aws.addFaults({ target: 'GetParameter', fault: 'delay', ms: 60, times: null });
    const schedule = { freezes: [freezeFor(ms, event)], last: { turns: 0, ms: 0 } };
    expect(await run('sendFlow', schedule)).toEqual([]);
  });
});
