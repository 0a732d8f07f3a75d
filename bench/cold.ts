/** Cold starts: how long each bundle takes to load, and how long the first caller waits. */
import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { readStack } from '../local/stack.ts';
import type { Condition } from './conditions.ts';
import type { GatewayStub } from './gateway.ts';
import { type ByCandidate, CANDIDATES } from './sends.ts';
import { median } from './statistics.ts';
import { bundleOf, type Candidate, expectStatus, flowEvent, type World } from './world.ts';

export interface Loading {
  readonly name: string;
  readonly kb: number;
  /** Of the bundle alone, and with Node's own start; ms. */
  readonly initMs: number;
  readonly startMs: number;
}

/** Milliseconds, without the time that LipaChat had the request. */
export interface FirstSend {
  /** In the handler, with the event already waiting when the process starts. */
  readonly waitingMs: number;
  /** In the handler, with the process frozen right after init and thawed with its event. */
  readonly frozenMs: number;
  /** From the start of the process to the response, with the event already waiting. */
  readonly fromSpawnMs: number;
}

const FROZEN_MS = 100;

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

interface FirstSendOptions {
  readonly gateway: GatewayStub;
  readonly condition: Condition;
  readonly runs: number;
}

export async function benchFirstSends(world: World, { gateway, condition, runs }: FirstSendOptions) {
  const { environment, procs } = condition;

  async function onStart(who: Candidate) {
    const messageId = randomUUID();
    const event = flowEvent(messageId);
    const call = await world.callOnStart(who, environment, { procs }, event);
    const { ms } = expectStatus(call, 201);
    const gatewayMs = gateway.lastTook(messageId);
    return { waiting: ms - gatewayMs, spawn: call.wholeMs - gatewayMs };
  }

  async function afterFreeze(who: Candidate): Promise<number> {
    const messageId = randomUUID();
    const bundle = await world.candidate(who, environment, { freeze: true, procs });
    await bundle.frozenFor(FROZEN_MS);
    const { ms } = expectStatus(await bundle.invoke(flowEvent(messageId)), 201);
    bundle.stop();
    return ms - gateway.lastTook(messageId);
  }

  const none = () => ({ waiting: [] as number[], frozen: [] as number[], spawn: [] as number[] });
  const samples = { lipaflow: none(), peer: none() };
  for (let run = 0; run < runs; run += 1) {
    for (const who of CANDIDATES) {
      const { waiting, spawn } = await onStart(who);
      samples[who].waiting.push(waiting);
      samples[who].spawn.push(spawn);
    }
    for (const who of CANDIDATES) samples[who].frozen.push(await afterFreeze(who));
  }
  const of = (who: Candidate): FirstSend => ({
    waitingMs: median(samples[who].waiting),
    frozenMs: median(samples[who].frozen),
    fromSpawnMs: median(samples[who].spawn),
  });
  return { lipaflow: of('lipaflow'), peer: of('peer') } satisfies ByCandidate<FirstSend>;
}
