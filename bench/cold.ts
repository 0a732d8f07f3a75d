/** Cold starts: how long each bundle takes to load, and how long the first caller waits. */
import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { readStack } from '../local/stack.ts';
import { startGatewayStub } from './gateway.ts';
import { type ByCandidate, CANDIDATES } from './sends.ts';
import { median } from './statistics.ts';
import {
  bundleOf,
  type Candidate,
  expectStatus,
  flowEvent,
  GATEWAY_LATENCY_MS,
  type World,
} from './world.ts';

export interface Loading {
  readonly name: string;
  readonly kb: number;
  /** Of the bundle alone, and with Node's own start; ms. */
  readonly initMs: number;
  readonly startMs: number;
}

/** Milliseconds, without the time that LipaChat had the request. */
export interface FirstSend {
  /** The process has been idle for a moment, like one that Lambda started before its first event. */
  readonly afterInitMs: number;
  /** From the start of the process to the response, with the event already waiting. */
  readonly fromSpawnMs: number;
}

/** Longer than anything that a function does at start. */
const SETTLED_MS = 400;

const kbOf = (path: string): number => Math.round(statSync(path).size / 1024);

/** Loads each bundle `runs` times, in turns. */
export async function benchLoading(world: World, { peerPath, runs }: { peerPath: string; runs: number }) {
  const names = [...Object.keys(readStack().functions), 'peer'];
  const samples = new Map(names.map((name) => [name, { init: [] as number[], start: [] as number[] }]));
  for (let run = 0; run < runs; run += 1) {
    for (const [name, { init, start }] of samples) {
      const began = performance.now();
      const bundle = name === 'peer' ? await world.candidate('peer') : await world.start(name);
      start.push(performance.now() - began);
      init.push(bundle.initMs);
      bundle.stop();
    }
  }
  return [...samples].map(([name, { init, start }]): Loading => {
    const kb = kbOf(name === 'peer' ? peerPath : bundleOf(name));
    return { name, kb, initMs: median(init), startMs: median(start) };
  });
}

export async function benchFirstSends(world: World, { runs }: { runs: number }) {
  const gateway = await startGatewayStub({ latencyMs: GATEWAY_LATENCY_MS });
  const settings = { LIPACHAT_BASE_URL: gateway.baseUrl };

  const afterInit = async (who: Candidate): Promise<number> => {
    const messageId = randomUUID();
    const bundle = await world.candidate(who, settings);
    await sleep(SETTLED_MS);
    const { ms } = expectStatus(await bundle.invoke(flowEvent(messageId)), 201);
    bundle.stop();
    return ms - gateway.took(messageId);
  };

  const fromSpawn = async (who: Candidate): Promise<number> => {
    const messageId = randomUUID();
    const began = performance.now();
    const bundle = await world.candidate(who, settings);
    expectStatus(await bundle.invoke(flowEvent(messageId)), 201);
    const ms = performance.now() - began;
    bundle.stop();
    return ms - gateway.took(messageId);
  };

  const samples = {
    lipaflow: { after: [] as number[], spawn: [] as number[] },
    peer: { after: [] as number[], spawn: [] as number[] },
  };
  for (let run = 0; run < runs; run += 1) {
    for (const who of CANDIDATES) samples[who].after.push(await afterInit(who));
    for (const who of CANDIDATES) samples[who].spawn.push(await fromSpawn(who));
  }
  gateway.close();
  const of = (who: Candidate): FirstSend => ({
    afterInitMs: median(samples[who].after),
    fromSpawnMs: median(samples[who].spawn),
  });
  return { lipaflow: of('lipaflow'), peer: of('peer') } satisfies ByCandidate<FirstSend>;
}
