/**
 * Runs a scenario of one released recipient queue, second by second: SQS delivers a record again until its process
 * acknowledges it, records come twice or for any flow, processes die at any call, and the sweeper ticks each minute.
 */
import type { Link } from '../../support/fakes/link.ts';
import { idOf, later, PAIR, sampleRequest } from '../../support/fakes/samples.ts';
import { makeWorld, type Process, type World } from '../../support/fakes/world.ts';

/** The process dies at this call: before or after the call takes effect. */
interface Death {
  readonly at: number;
  readonly applies: boolean;
}

export interface ReleasedScenario {
  readonly flows: number;
  /** How many times the customer's message comes, and the deaths of the processes that handle it. */
  readonly callbacks: readonly (Death | undefined)[];
  /** The deaths of the first processes that handle a record. */
  readonly workers: readonly (Death | undefined)[];
  readonly duplicates: readonly boolean[];
  /** Records of nothing: for the n-th flow, at a second. */
  readonly strays: readonly { readonly flow: number; readonly second: number }[];
  /** How many other steps run before each call. */
  readonly lags: readonly number[];
}

export interface Released {
  readonly sent: readonly { readonly flow: string; readonly at: number }[];
  /** Seconds until the last flow was sent; undefined if some never was. */
  readonly seconds: number | undefined;
  readonly deaths: number;
}

/** Six times the worker's timeout, as in infra/queues.yml. */
const VISIBILITY_S = 180;
/** As `callbacks/process-received.ts` starts. */
const CALLBACK_RETRY_S = 2;
const LONGEST_S = 3_000;

export async function run(scenario: ReleasedScenario): Promise<Released> {
  const world = makeWorld();
  const ids = Array.from({ length: scenario.flows }, (_, n) => idOf(`f-${n}`));
  await park(world, ids);
  const start = world.clock.now().getTime();
  const fates = { callbacks: [...scenario.callbacks], workers: [...scenario.workers] };
  const duplicates = [...scenario.duplicates];
  const lags = endless(scenario.lags);
  let deaths = 0;

  /** True if the process finished. */
  async function live(death: Death | undefined, act: (p: Process) => Promise<unknown>): Promise<boolean> {
    const mortal = mortalLink(death, lags);
    const done = await act(world.process('p', mortal)).then(
      () => true,
      () => false,
    );
    if (mortal.isDead()) deaths += 1;
    return done && !mortal.isDead();
  }

  const written = {
    kind: 'inbound',
    id: 'in-1',
    pair: PAIR,
    writtenAt: undefined,
    said: ['hi'],
    reply: undefined,
  } as const;
  let callbacks = scenario.callbacks.map(() => 0);
  let records: { readonly id: (typeof ids)[number]; readonly second: number }[] = [];

  async function second(now: number): Promise<void> {
    for (const { messageId: id } of world.queue.take())
      records.push({ id, second: now }, ...(duplicates.shift() ? [{ id, second: now }] : []));
    for (const { flow, second: at } of scenario.strays) {
      const id = ids[flow % ids.length];
      if (at === now && id) records.push({ id, second: now });
    }
    const [due, dueCallbacks] = [records.filter((r) => r.second <= now), callbacks.filter((at) => at <= now)];
    records = records.filter((r) => r.second > now);
    callbacks = callbacks.filter((at) => at > now);
    await Promise.all([
      ...dueCallbacks.map(async () => {
        const handled = await live(fates.callbacks.shift(), (p) => p.handleCallbacks([written]));
        if (!handled) callbacks.push(now + CALLBACK_RETRY_S);
      }),
      ...due.map(async ({ id }) => {
        const handled = await live(fates.workers.shift(), (p) => p.work(id));
        if (!handled) records.push({ id, second: now + VISIBILITY_S });
      }),
      ...(now % 60 === 59 ? [world.process('sweeper').sweep()] : []),
    ]);
  }

  let now = 0;
  const isOver = () => world.messages.all().every(({ status }) => status === 'sent');
  for (; now < LONGEST_S && !isOver(); now += 1) {
    await second(now);
    world.clock.advance(1_000);
  }
  const seconds = isOver() ? now : undefined;
  // What is left of the queue does nothing more.
  for (let rest = 0; rest < 2 * VISIBILITY_S; rest += 1) {
    await second(now + rest);
    world.clock.advance(1_000);
  }
  const sent = world.gateway.deliveries.map(({ messageId: flow }) => {
    const call = world.gateway.calls.find(({ request, left }) => left && request.messageId === flow);
    return { flow, at: ((call?.at.getTime() ?? 0) - start) / 1000 };
  });
  return { sent, seconds, deaths };
}

async function park(world: World, ids: readonly ReturnType<typeof idOf>[]): Promise<void> {
  const { send, sweep } = world.process('api');
  for (const messageId of ids) {
    await send({ request: sampleRequest({ messageId, whenClosed: 'park', parkForSeconds: 86_400 }) });
    world.clock.advance(1_000);
  }
  // The first check is over, and the next one an hour away: the sweeper helps with nothing that it was not asked for.
  world.clock.moveTo(later(120));
  await sweep();
}

const CRASH = new Error('the process has died');

function mortalLink(death: Death | undefined, lags: () => number) {
  let calls = 0;
  let dead = false;
  const link: Link = async (_, apply) => {
    for (let lag = lags(); lag >= 0; lag -= 1) await Promise.resolve();
    if (dead) throw CRASH;
    const n = calls;
    calls += 1;
    if (n !== death?.at) return apply();
    dead = true;
    if (death.applies) apply();
    throw CRASH;
  };
  return { link, isDead: () => dead };
}

function endless(values: readonly number[]): () => number {
  let n = 0;
  return () => {
    n += 1;
    return values[n % values.length] ?? 0;
  };
}
