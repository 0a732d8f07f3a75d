/**
 * Whatever client A does, B sees and gets the same as if A did not exist: a script of B runs once alone, and once beside a
 * hostile A with another number, with another namespace on B's number, or with neither but all of B's ids that can be
 * computed. FAULTS_SEED and WORLDS choose the scripts.
 */
import pMap from 'p-map';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clock, type Fleet, type FleetOptions, startFleet } from '../support/fleet/fleet.ts';
import { eventsOf, firsts, pumpQueue, pumpStream, QUICK_QUEUES } from '../support/fleet/lanes.ts';
import { tickOnAndOn } from '../support/fleet/ticks.ts';
import { type Attacker, attackerOf } from '../support/worlds/client-a.ts';
import { type PlayerB, playerOf } from '../support/worlds/client-b.ts';
import { type Client, newClientOf, plainOf } from '../support/worlds/people.ts';
import { type Script, scriptOf } from '../support/worlds/script.ts';

const { FAULTS_SEED, WORLDS = '300' } = process.env;
const seed = FAULTS_SEED ? Number(FAULTS_SEED) : Date.now() % 1_000_000_000;
const scripts = Array.from({ length: Number(WORLDS) }, (_, n) => scriptOf(seed + n));
const AT_ONCE = 6;
/** Their scheduled runs are due at the same time, and one process plans them one by one. */
const A_ROUND = 12;
const MOST_TRIES = 5;
const AHEAD_MS = 3_601_000;
/** Some ten times what a script takes. */
const PATIENCE_MS = 300_000 + scripts.length * 20_000;

const FUNCTIONS = [
  'sendFlow',
  'readApi',
  'contacts',
  'campaigns',
  'campaignPlanner',
  'campaignTick',
  'publisher',
];
const OPTIONS: FleetOptions = {
  ownProcesses: true,
  settings: { LOG_LEVEL: 'ERROR' },
  counts: { ...Object.fromEntries(FUNCTIONS.map((name) => [name, 1])), worker: 1 },
  queues: QUICK_QUEUES,
};

type World = { script: Script; b: Client; player: PlayerB; attacker: Attacker | undefined };

let fleet: Fleet;
const worlds: { alone: World; beside: World }[] = [];
const seen = { events: new Map<string, string[]>(), deliveries: new Map<string, string[]>() };

const worldOf = async (script: Script, isBeside: boolean): Promise<World> => {
  const b = await newClientOf(fleet, script);
  const player = playerOf(fleet, b, script);
  if (!isBeside) return { script, b, player, attacker: undefined };
  const number = script.kind === 'another namespace' ? { number: b.number } : {};
  const isAdmin = script.kind !== 'no namespace';
  const a = await newClientOf(fleet, { kind: script.kind, isAdmin, ...number });
  return { script, b, player, attacker: attackerOf(fleet, a, { b, script }) };
};

const play = async ({ script, player, attacker }: World): Promise<void> => {
  for (const [n, step] of script.steps.entries()) {
    // Before B's step, or beside it.
    if ((script.seed + n) % 3 === 0) await attacker?.attack();
    await Promise.all([player.play(step), (script.seed + n) % 3 === 1 && attacker?.attack()]);
  }
  const runAt = player.nextRunAt();
  if (runAt !== undefined) await attacker?.takeRun(runAt);
};

/** Both worlds of a script; new ones if the store was too busy to answer. */
const playBoth = async (script: Script): Promise<{ alone: World; beside: World }> => {
  for (let tries = 1; ; tries += 1) {
    const [alone, beside] = [await worldOf(script, false), await worldOf(script, true)];
    await Promise.all([play(alone), play(beside)]);
    if (!alone.player.isSpoilt() && !beside.player.isSpoilt()) return { alone, beside };
    if (tries === MOST_TRIES) throw new Error('the store is too busy');
  }
};

/** By client: what concerns B's client, or one of its customers at its number. */
const collect = async (): Promise<void> => {
  const byClient = new Map(
    worlds.flatMap(({ alone, beside }) => [alone.b, beside.b]).map((b) => [b.clientId, b]),
  );
  const byCustomer = new Map(
    [...byClient.values()].flatMap((b) => b.customers.map((customer) => [customer, b])),
  );
  const note = (to: Map<string, string[]>, b: Client, text: string): void => {
    to.set(b.clientId, [...(to.get(b.clientId) ?? []), plainOf(b, text)]);
  };
  for (const { type, detail } of firsts(await eventsOf(fleet))) {
    const { eventId: _, at: __, ...rest } = detail;
    const ofPair = byCustomer.get(String(detail['to']));
    const b =
      byClient.get(String(detail['clientId'])) ?? (ofPair?.number === detail['from'] ? ofPair : undefined);
    if (b) note(seen.events, b, `${type} ${JSON.stringify(rest)}`);
  }
  for (const { to, from, kind, body } of await fleet.lipachat.deliveries()) {
    const b = byCustomer.get(to);
    if (b?.number === from) note(seen.deliveries, b, `${to} ${kind} ${JSON.stringify(body)}`);
  }
};

describe(`${scripts.length} scripts of a client, alone and beside a hostile one`, () => {
  beforeAll(async () => {
    console.log(`two worlds: FAULTS_SEED=${seed}`);
    fleet = await startFleet(OPTIONS);
    await fleet.lipachat.configure({ enforceSessions: false });
    const pumps = [
      pumpQueue(fleet),
      pumpQueue(fleet, { queueName: 'CampaignQueue' }),
      pumpQueue(fleet, { queueName: 'PlanQueue', workers: fleet.workers['campaignPlanner'] ?? [] }),
    ];
    const stream = pumpStream(fleet);
    const ticks = tickOnAndOn(fleet.workers['campaignTick'] ?? [], 500);
    const begun = performance.now();
    const ahead = await fleet.spawn('campaignTick', clock({ ahead: AHEAD_MS }));
    for (let n = 0; n < scripts.length; n += A_ROUND) {
      const round = await pMap(scripts.slice(n, n + A_ROUND), playBoth, { concurrency: AT_ONCE });
      worlds.push(...round);
      await ahead.invoke({});
      const all = round.flatMap(({ alone, beside }) => [alone, beside]);
      await pMap(all, ({ player }) => player.afterTick(), { concurrency: AT_ONCE });
      if (worlds.length % 60 === 0) console.log(`two worlds: ${worlds.length} of ${scripts.length} scripts`);
    }
    await ticks.stop();
    await stream.caughtUp(200_000);
    await collect();
    await Promise.all([stream, ...pumps].map((one) => one.close()));
    const attackers = worlds.flatMap(({ beside: { attacker } }) => attacker ?? []);
    const tries = attackers.reduce((sum, attacker) => sum + attacker.tries(), 0);
    const statuses = new Map<string, number>();
    for (const one of attackers)
      for (const [key, n] of one.statuses) statuses.set(key, (statuses.get(key) ?? 0) + n);
    const seconds = Math.round((performance.now() - begun) / 1000);
    console.log(`two worlds: ${seconds} s, ${tries} hostile requests`, Object.fromEntries(statuses));
  }, PATIENCE_MS);
  afterAll(() => fleet.stop());

  it.each(['answers', 'deliveries', 'events'] as const)('have the same %s', (what) => {
    const of = ({ player, b }: World): string[] => {
      if (what === 'answers') return player.seen;
      // Of different messages and customers, the order is a matter of time.
      return (seen[what].get(b.clientId) ?? []).toSorted();
    };
    const differing = worlds.filter(({ alone, beside }) => of(alone).join('\n') !== of(beside).join('\n'));
    const [first] = differing;
    if (first) {
      const about = `${differing.length} differ; FAULTS_SEED=${first.alone.script.seed} WORLDS=1 (${first.alone.script.kind})`;
      expect(of(first.beside), about).toEqual(of(first.alone));
    }
    expect(differing).toHaveLength(0);
  });

  it('prove something: each kind of script has answers of every sort, and deliveries', () => {
    for (const kind of ['another number', 'another namespace', 'no namespace']) {
      const some = worlds.filter(({ alone }) => alone.script.kind === kind);
      if (scripts.length < 30) continue;
      const text = some.flatMap(({ alone }) => alone.player.seen).join('\n');
      for (const word of [
        'send 201',
        'send 422',
        'park 202',
        'create 201',
        'start 200',
        'runs: 1',
        'list 200',
      ])
        expect(text).toContain(word);
      const sent = some.flatMap(({ alone }) => seen.deliveries.get(alone.b.clientId) ?? []);
      expect(sent.length).toBeGreaterThan(some.length);
    }
  });
});
