/** `npm run simulate -- --against-local`: the same load on the local system and in the simulation, and how far they differ. */
import { build } from '../../../scripts/build.ts';
import type { Result } from '../run.ts';
import { type Calibrated, calibrate } from './calibrate.ts';
import { type Driven, drive } from './drive.ts';
import { optionsOf, type Scenario, scenarioFor, traceOf } from './scenario.ts';
import { simulated } from './simulated.ts';
import { startLocal } from './world.ts';

const MOST_APART = 0.2;
/** LipaChat's time while the parts are measured. */
const CALIBRATION_MS = 100;

interface Row {
  readonly what: string;
  readonly local: number;
  readonly simulated: number;
}

async function calibrated(scenario: Scenario): Promise<Calibrated> {
  const world = await startLocal({
    ...optionsOf(scenario),
    lipachatMs: CALIBRATION_MS,
    statusDelaysMs: undefined,
    isPumping: false,
  });
  try {
    return await calibrate(world, CALIBRATION_MS);
  } finally {
    await world.stop();
  }
}

const whole = (ms: number): string => ms.toFixed(0);

/** What explains a difference: how busy the machine was, and whether the parts took as long as in the calibration. */
function background({ latencyMs }: Scenario, times: Calibrated, local: Driven, { queues }: Result): string {
  const { delivery, callbacks } = local.queues;
  const worker = times.workerBaseMs + 10 * times.workerJobMs + latencyMs;
  const ten = times.callbacksBaseMs + 10 * times.callbackMs;
  return [
    `CPUs busy: ${whole(100 * local.busyShare)} %, failed sends: ${local.failed}`,
    `a send took ${whole(local.took.mean())} ms on average, calibrated ${whole(latencyMs + times.sendOverheadMs)}`,
    `ten deliveries took ${whole(delivery.tens.mean())} ms, calibrated ${whole(worker)}`,
    `ten callbacks took ${whole(callbacks.tens.mean())} ms, calibrated ${whole(ten)}`,
    `deliveries: ${delivery.waits.count()}, simulated ${queues.delivery.sent}`,
    `callbacks: ${callbacks.waits.count()}, simulated ${queues.callbacks.sent}`,
  ]
    .map((line) => `  ${line}`)
    .join('\n');
}

function rowsOf(local: Driven, { queues, count }: Result): Row[] {
  const { delivery, callbacks } = local.queues;
  const row = (what: string, localMs: number, simulatedMs: number): Row => ({
    what: `${what}, s`,
    local: localMs / 1000,
    simulated: simulatedMs / 1000,
  });
  return [
    { what: `refused of ${local.sent} sends`, local: local.refused, simulated: count.refusedSends.total() },
    row('delivery queue, age p50', delivery.waits.quantile(0.5), queues.delivery.p50Ms),
    row('delivery queue, age p99', delivery.waits.quantile(0.99), queues.delivery.p99Ms),
    row('callback queue, age p50', callbacks.waits.quantile(0.5), queues.callbacks.p50Ms),
    row('callback queue, age p99', callbacks.waits.quantile(0.99), queues.callbacks.p99Ms),
  ];
}

/** True if all are within 20 %. */
export async function compareWithLocal(sends: number): Promise<boolean> {
  const scenario = scenarioFor(sends);
  await build();
  console.log('Calibrating the parts, one at a time …');
  const times = await calibrated(scenario);
  for (const [name, ms] of Object.entries(times)) console.log(`  ${name} ${ms.toFixed(1)}`);
  console.log(`Running the local system, ${sends} sends a second …`);
  const local = await drive(scenario, traceOf(scenario));
  const result = simulated(scenario, local.arrived, times);
  console.log(background(scenario, times, local, result));
  return printed(rowsOf(local, result));
}

function printed(rows: readonly Row[]): boolean {
  console.log(`\n${''.padEnd(32)}${'local'.padStart(10)}${'simulated'.padStart(12)}${'ratio'.padStart(8)}`);
  const isNear = ({ local, simulated: figure }: Row) => Math.abs(figure / local - 1) <= MOST_APART;
  for (const row of rows) {
    const ratio = (row.simulated / row.local).toFixed(2);
    const cells = [row.local, row.simulated].map((value) =>
      Number.isInteger(value) ? String(value) : value.toFixed(2),
    );
    console.log(
      `${row.what.padEnd(32)}${cells[0]?.padStart(10)}${cells[1]?.padStart(12)}${ratio.padStart(8)}  ${isNear(row) ? 'yes' : 'NO'}`,
    );
  }
  return rows.every(isNear);
}
