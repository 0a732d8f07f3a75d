/** Runs the scenario on the local system. */
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeSamples } from '../measure.ts';
import { optionsOf, type Scenario, type Trace } from './scenario.ts';
import { flowEvent, type LocalWorld, startLocal } from './world.ts';

export type Driven = Awaited<ReturnType<typeof drive>>;

/** Calls `send` at each time of the trace. A busy machine is late: `arrived` has the times at which it did. */
async function sendAll(world: LocalWorld, trace: Trace) {
  const statuses: number[] = [];
  const took = makeSamples();
  const arrived = { answered: [] as number[], accepted: [] as number[] };
  const begun = performance.now();
  const sendAt = async (ms: number, n: number, isAccepted: boolean) => {
    await sleep(Math.max(0, begun + ms - performance.now()));
    const sentAt = performance.now();
    (isAccepted ? arrived.accepted : arrived.answered).push(sentAt - begun);
    const status = await world.send(flowEvent(n, isAccepted));
    statuses.push(status);
    if (status === 201) took.add(performance.now() - sentAt);
  };
  await Promise.all([
    ...trace.answered.map((ms, n) => sendAt(ms, n, false)),
    ...trace.accepted.map((ms, n) => sendAt(ms, n, true)),
  ]);
  return {
    refused: statuses.filter((status) => status === 429).length,
    failed: statuses.filter((status) => status !== 429 && status >= 300).length,
    sent: statuses.length,
    took,
    arrived,
  };
}

/** What became of the trace. */
export async function drive(scenario: Scenario, trace: Trace) {
  const world = await startLocal(optionsOf(scenario));
  const longest = scenario.statusDelaysMs[2];
  const settled = async () => {
    await sleep(2 * longest);
    await world.drained();
  };
  try {
    // Each environment connects and reads its parameter before it counts.
    await Promise.all(
      Array.from({ length: scenario.environments.sendFlow }, (_, n) => world.send(flowEvent(n, false))),
    );
    await settled();
    for (const { waits, tens } of Object.values(world.queues)) {
      waits.clear();
      tens.clear();
    }
    const before = busyTime();
    const sent = await sendAll(world, trace);
    await settled();
    const after = busyTime();
    const busyShare = (after.busy - before.busy) / (after.all - before.all);
    return { ...sent, queues: world.queues, busyShare };
  } finally {
    await world.stop();
  }
}

/** Of all CPUs and all processes, since the machine started. */
function busyTime(): { busy: number; all: number } {
  const times = cpus().map((cpu) => cpu.times);
  const all = times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0);
  return { busy: all - times.reduce((sum, { idle }) => sum + idle, 0), all };
}
