/**
 * Runs a scenario: racers, sweepers and callbacks over the fakes, interleaved by fast-check's scheduler at every
 * await, with time jumps between. Returns what each caller got, and which rules of the contract were broken.
 */
import type fc from 'fast-check';
import type { Gateway } from '../../../src/lib/lipachat/ports.ts';
import type { FlowRequest, MessageId } from '../../../src/lib/messages/message.ts';
import type { AppError } from '../../../src/lib/platform/errors.ts';
import type { Clock } from '../../../src/lib/platform/ports.ts';
import { SESSION_MS } from '../../../src/lib/whatsapp/session-window.ts';
import { waIdOf } from '../../support/fakes/gateway.ts';
import { type Link, storeDown } from '../../support/fakes/link.ts';
import { idOf, later, PAIR, sampleRequest } from '../../support/fakes/samples.ts';
import { makeWorld, type Sent, type World } from '../../support/fakes/world.ts';
import { type Run, type Told, watchWrites } from './claim-rules.ts';
import type { Fate, Finder, Racer, Scenario } from './claim-scenario.ts';

const requestOf = ({ messageId, text }: Pick<Racer, 'messageId' | 'text'>): FlowRequest =>
  sampleRequest({ messageId: idOf(messageId), text });

/** A process driven by the scheduler: at each await it may die, or any other process may run. */
export function scheduled(name: string, fate: Fate, { world, s }: { world: World; s: fc.Scheduler }) {
  let awaits = 0;
  let calls = 0;

  /** Waits to be scheduled. Never resolves once the process is dead. */
  async function turn(label: string): Promise<void> {
    await s.schedule(Promise.resolve(), `${name} ${label}`);
    awaits += 1;
    if (fate.crashAt !== undefined && awaits > fate.crashAt) await new Promise(() => undefined);
  }

  const link: Link = async (call, apply) => {
    const n = calls;
    calls += 1;
    // The fake gateway plays LipaChat's faults itself.
    const toLipaChat = call === 'sendFlow' || call === 'sendTemplate';
    const fault = toLipaChat ? undefined : fate.faults.find((f) => f.call === n)?.fault;
    for (let tries = 0; ; tries += 1) {
      await turn(`${call} →`);
      if (fault === 'before') throw storeDown();
      const result = apply();
      if (toLipaChat) await arriving(fate.lag, s);
      await turn(`← ${call}`);
      if (fault === 'after') throw storeDown();
      if (fault !== 'again' || tries > 0) return result;
    }
  };

  const clock: Clock = {
    now: () => world.clock.now(),
    async sleep(ms) {
      const until = later(ms / 1000, world.clock.now());
      await turn(`sleep ${ms}`);
      world.clock.moveTo(until);
    },
  };
  return { link, clock };
}

/** Only the owner of the message calls LipaChat. A late receipt may have settled the message a moment before. */
function onlyOwnerCalls(name: string, { world, broken }: { world: World; broken: string[] }) {
  return (gateway: Gateway): Gateway => ({
    ...gateway,
    sendFlow(request, call) {
      const stored = world.messages.all().find((m) => m.messageId === request.messageId);
      const { owner = 'nobody', until } = stored?.lease ?? {};
      const isHis = owner.startsWith(`${name}~`) && until !== undefined && until > world.clock.now();
      if (call.timeoutMs > 0 && !isHis && stored?.answer?.kind !== 'sent') {
        broken.push(`${name} called LipaChat while ${owner} held the message`);
      }
      return gateway.sendFlow(request, call);
    },
  });
}

async function openWindow({ sessions }: World, seconds: number): Promise<void> {
  const expiresAt = later(seconds);
  const openedAt = new Date(expiresAt.getTime() - SESSION_MS);
  await sessions.create({ pair: PAIR, window: { openedAt, lastInboundAt: openedAt, expiresAt } });
}

export async function run(scenario: Scenario, s: fc.Scheduler): Promise<Run> {
  const world = makeWorld(scenario.settings);
  const broken: string[] = [];
  const told: Told[] = [];
  const owners = new Map<Link, string>();
  await openWindow(world, scenario.windowSeconds);
  world.gateway.onRepeat = scenario.onRepeat;
  world.gateway.next(...scenario.turns);
  watchWrites(world, owners, broken);

  function start(name: string, fate: Fate) {
    const { link, clock } = scheduled(name, fate, { world, s });
    owners.set(link, name);
    return {
      link,
      ...world.process(name, { link, clock, through: onlyOwnerCalls(name, { world, broken }) }),
    };
  }

  for (const [n, racer] of scenario.racers.entries()) {
    const { link, send } = start(`racer-${n}`, racer);
    const slot = told.push({ racer, request: requestOf(racer), link, end: undefined }) - 1;
    const tell = (end: Sent | AppError) => {
      told[slot] = { racer, request: requestOf(racer), link, end };
    };
    arriving(racer.late, s)
      .then(() => send({ request: requestOf(racer) }))
      .then(tell, tell);
  }
  for (const [n, sweeper] of scenario.sweepers.entries()) {
    const { sweep } = start(`sweeper-${n}`, sweeper);
    void ticking(sweeper.ticks, sweep);
  }
  for (const [n, callback] of scenario.callbacks.entries()) {
    const { link, handleStatus } = start(`callback-${n}`, { crashAt: undefined, lag: 0, faults: [] });
    void callBack(world, link, callback, handleStatus).catch(() => undefined);
  }
  void jumping(scenario, s, world);
  await s.waitIdle();
  await aftermath(scenario, world);
  return { world, told, broken };
}

async function ticking(ticks: number, sweep: () => Promise<unknown>): Promise<void> {
  for (let n = 0; n < ticks; n += 1) await sweep().catch(() => undefined);
}

async function jumping({ jumps }: Scenario, s: fc.Scheduler, world: World): Promise<void> {
  for (const { turns, ms } of jumps) {
    await arriving(turns, s);
    world.clock.advance(ms);
  }
}

/** Lets the other processes take this many steps. */
export async function arriving(turns: number, s: fc.Scheduler): Promise<void> {
  for (let n = 0; n < turns; n += 1) await s.schedule(Promise.resolve(), 'time passes');
}

/** WhatsApp reports on a message only once it has it. */
async function callBack(
  world: World,
  link: Link,
  { messageId, status }: Scenario['callbacks'][number],
  handleStatus: ReturnType<World['process']>['handleStatus'],
): Promise<void> {
  for (let patience = 0; patience < 6; patience += 1) {
    await link('wait', () => undefined);
    if (!world.gateway.deliveries.some((d) => d.messageId === messageId)) continue;
    await handleStatus(messageId as MessageId, { status, at: world.clock.now(), waId: waIdOf(messageId) });
    return;
  }
}

/** All processes have stopped. Only the sweeper runs on, a tick a minute, for longer than any horizon. */
async function aftermath({ afterwards, finder }: Scenario, world: World): Promise<void> {
  const sweep = sweepingBy(finder, world);
  world.gateway.always(afterwards);
  for (let tick = 0; tick < 30; tick += 1) {
    world.clock.advance(61_000);
    await sweep();
  }
}

/** A minute of background work. `scan`: every watch was lost, and a tick scans all of the table. */
export function sweepingBy(finder: Finder, world: World): () => Promise<unknown> {
  const { sweep, tick } = world.process('caretaker');
  if (finder === 'watches') return sweep;
  return async () => {
    for (const watched of world.queue.watches.slice()) world.queue.forget(watched);
    await tick({ segment: 0, of: 1 });
  };
}
