/**
 * `npm run bench [-- --quick] [--rows N …] [--write]` measures and prints tables; it has no pass or fail. All
 * figures also go to .cache/bench.json. `--write` puts the tables into docs/performance.md.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from '../scripts/build.ts';
import { benchCallbacks } from './callbacks.ts';
import { benchCalls } from './calls.ts';
import { benchCampaign, type CampaignFigures } from './campaign.ts';
import { benchFirstSends, benchLoading } from './cold.ts';
import { makeConditions } from './conditions.ts';
import { benchFaults } from './faults.ts';
import { startGatewayStub } from './gateway.ts';
import { goalsOf, type Measured } from './goals.ts';
import { machine } from './machine.ts';
import { withFigures } from './page.ts';
import {
  callbackTable,
  callTable,
  campaignTable,
  faultTable,
  firstTable,
  goalTable,
  loadTable,
  sendTable,
} from './report.ts';
import { benchSends } from './sends.ts';
import { AWS_LATENCY_MS, buildPeer, GATEWAY_LATENCY_MS, openWorld, type World } from './world.ts';

const FULL = {
  sends: { rounds: 4, warmUp: 100, sends: 300 },
  /** Under each further condition. */
  further: { rounds: 2, warmUp: 50, sends: 100 },
  frozen: { rounds: 2, warmUp: 5, sends: 40, freezeMs: 300 },
  loading: 7,
  first: 15,
  callbacks: { warmUp: 50, callbacks: 300 },
  rows: ['100000'],
};
const QUICK: typeof FULL = {
  sends: { rounds: 1, warmUp: 20, sends: 60 },
  further: { rounds: 1, warmUp: 5, sends: 20 },
  frozen: { rounds: 1, warmUp: 1, sends: 5, freezeMs: 300 },
  loading: 1,
  first: 3,
  callbacks: { warmUp: 5, callbacks: 20 },
  // Fewer than some 19,000 would be planned by the API, not by the planner.
  rows: ['25000'],
};

const { values: asked } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    rows: { type: 'string', multiple: true },
  },
});
const sizes = asked.quick ? QUICK : FULL;
const rows = (asked.rows ?? sizes.rows).map(Number);

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const done = (step: string): void => console.error(`bench: ${step}`);

await build();
const peer = await buildPeer();
const figures = { machine: machine(), at: new Date().toISOString(), ...(await measured()) };
peer.remove();

const goals = goalsOf(figures);
const told = [
  `Measured on ${figures.machine}. AWS is ${AWS_LATENCY_MS} ms away, and LipaChat answers after ${GATEWAY_LATENCY_MS} ms.`,
  `${sizes.sends.rounds} rounds of ${sizes.sends.sends} sends each, alternating.`,
  ...figures.told,
  `Frozen: ${sizes.frozen.freezeMs} ms between two sends.`,
].join(' ');
const report = [
  told,
  goalTable(goals),
  sendTable(figures),
  firstTable(figures),
  faultTable(figures.faults),
  callTable(figures.calls),
  callbackTable(figures.callbacks),
  loadTable(figures.loading),
  campaignTable(figures.campaigns),
].join('\n\n');
console.log(report);
await mkdir(at('.cache'), { recursive: true });
await writeFile(at('.cache/bench.json'), `${JSON.stringify({ ...figures, goals }, null, 2)}\n`);
if (asked.write) {
  const page = at('docs/performance.md');
  await writeFile(page, withFigures(await readFile(page, 'utf8'), report));
}

async function measured() {
  const near = await openWorld(peer.path);
  const faults = await benchFaults(near);
  done('faults');
  const calls = await benchCalls(near);
  done('calls');
  await near.close();
  const world = await openWorld(peer.path);
  await world.far();
  const loading = await benchLoading(world, { peerPath: peer.path, runs: sizes.loading });
  done('loading');
  const ofSends = await measuredSends(world);
  const callbacks = await benchCallbacks(world, sizes.callbacks);
  done('callbacks');
  await world.close();
  const campaigns: CampaignFigures[] = [];
  for (const count of rows) {
    campaigns.push(await benchCampaign(count));
    done(`a campaign of ${count}`);
  }
  return { ...ofSends, faults, calls, callbacks, loading, campaigns };
}

/** First sends and later ones, under each condition. */
async function measuredSends(world: World) {
  const gateway = await startGatewayStub({ latencyMs: GATEWAY_LATENCY_MS });
  const conditions = await makeConditions(world, gateway);
  const first: Measured['first'][number][] = [];
  const sends: Measured['sends'][number][] = [];
  for (const condition of conditions.all) {
    const { name } = condition;
    const runs = sizes.first;
    first.push({ name, result: await benchFirstSends(world, { gateway, condition, runs }) });
    const own = condition === conditions.plain ? sizes.sends : sizes.further;
    sends.push({ name, result: await benchSends(world, { ...own, gateway, condition }) });
    done(`sends${name && `, ${name}`}`);
  }
  const frozen = { ...sizes.frozen, gateway, condition: conditions.plain };
  sends.push({ name: 'frozen', result: await benchSends(world, frozen) });
  done('sends, frozen');
  gateway.close();
  await conditions.close();
  return { first, sends, told: conditions.told };
}
