/**
 * Runs a scenario of flows that wait for one customer: webhooks that repeat, workers that die or get a record twice,
 * the sweeper and the clock, interleaved by fast-check's scheduler at every await.
 */
import type fc from 'fast-check';
import { otherIdsOf, sentIdsOf } from '../../../src/lib/messages/gateway-message-id.ts';
import { waIdOf } from '../../support/fakes/gateway.ts';
import { idOf, later, PAIR, sampleRequest } from '../../support/fakes/samples.ts';
import { makeWorld, type World } from '../../support/fakes/world.ts';
import { arriving, scheduled, sweepingBy } from './claim-model.ts';
import type { Fate } from './claim-scenario.ts';
import { endsOf, lostOf, stoppedBy, watchLane } from './parked-rules.ts';
import type { Inbound, ParkedScenario, Refusal } from './parked-scenario.ts';

const LIVELY = { crashAt: undefined, lag: 0, faults: [] };

export async function run(scenario: ParkedScenario, s: fc.Scheduler): Promise<readonly string[]> {
  const world = makeWorld({ mode: scenario.mode });
  const broken: string[] = [];
  watchLane(world, broken);
  world.gateway.nextTemplates(...scenario.templateTurns);
  await park(scenario, world, broken);
  world.gateway.next(...scenario.turns);

  const start = (name: string, fate: Fate) => world.process(name, scheduled(name, fate, { world, s }));
  for (const [n, inbound] of scenario.inbound.entries()) {
    for (const [copy, fate] of inbound.copies.entries()) {
      const { handleCallbacks } = start(`webhook-${n}-${copy}`, fate);
      const heard = () => inbound.word === 'STOP' && stoppedBy(world, broken);
      void arriving(inbound.late, s)
        .then(() => handleCallbacks([written(inbound, `wamid.in-${n}`)]))
        .then(heard, () => undefined);
    }
  }
  for (const [n, worker] of scenario.workers.entries()) {
    const { work } = start(`worker-${n}`, worker);
    void working(worker, { world, s, work });
  }
  for (const [n, sweeper] of scenario.sweepers.entries()) {
    const { sweep } = start(`sweeper-${n}`, sweeper);
    void ticking(sweeper.ticks, sweep);
  }
  for (const [n, refusal] of scenario.refused.entries()) {
    const { handleStatus } = start(`status-${n}`, LIVELY);
    void arriving(refusal.late, s).then(() => refuse(world, refusal, handleStatus));
  }
  for (const [n, refusal] of scenario.templatesRefused.entries()) {
    const { handleStatus } = start(`template-status-${n}`, LIVELY);
    void arriving(refusal.late, s).then(() => refuseTemplate(world, refusal, handleStatus));
  }
  void jumping(scenario, s, world);
  await s.waitIdle();
  await aftermath(scenario, world, broken);
  return broken;
}

/** Parks one flow after another, a second apart, while the window is closed. */
async function park({ flows }: ParkedScenario, world: World, broken: string[]): Promise<void> {
  const { send } = world.process('api');
  for (const [n, flow] of flows.entries()) {
    world.clock.advance(1_000);
    const asks = flow.whenClosed === 'template';
    const request = sampleRequest({
      messageId: idOf(`f-${n}`),
      text: `flow ${n}`,
      ...flow,
      ...(asks ? { template: { name: 'hello', languageCode: 'en' } } : {}),
    });
    await send({ request }).catch(() => undefined);
  }
  const { templates } = world.gateway;
  for (const flowId of ['A', 'B']) {
    const holders = world.messages.all().filter((m) => m.flowId === flowId && m.status === 'parked');
    const out = templates.filter((t) => holders.some((m) => m.templateMessage?.messageId === t.messageId));
    if (out.length > 1) broken.push(`${out.length} template messages are out for flow ${flowId}`);
  }
}

const written = ({ word }: Inbound, id: string) =>
  ({ kind: 'inbound', id, pair: PAIR, writtenAt: undefined, said: [word], reply: undefined }) as const;

interface Working {
  readonly world: World;
  readonly s: fc.Scheduler;
  readonly work: ReturnType<World['process']>['work'];
}

async function working(
  { rounds, twice }: { rounds: number; twice: boolean },
  { world, s, work }: Working,
): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    await arriving(4, s);
    const ids = world.queue.take().flatMap(({ messageId }) => (twice ? [messageId, messageId] : [messageId]));
    await Promise.all(ids.map((id) => work(id).catch(() => undefined)));
  }
}

async function ticking(ticks: number, sweep: () => Promise<unknown>): Promise<void> {
  for (let n = 0; n < ticks; n += 1) await sweep().catch(() => undefined);
}

async function jumping({ jumps }: ParkedScenario, s: fc.Scheduler, world: World): Promise<void> {
  for (const { turns, ms } of jumps) {
    await arriving(turns, s);
    world.clock.advance(ms);
  }
}

const flowIn = (world: World, { flow }: Pick<Refusal, 'flow'>) =>
  world.messages.all().find(({ messageId }) => messageId === idOf(`f-${flow}`));

type TakeStatus = ReturnType<World['process']>['handleStatus'];

/** WhatsApp takes back a message that it had accepted. */
async function refuse(
  world: World,
  { send, ...refusal }: ParkedScenario['refused'][number],
  handleStatus: TakeStatus,
): Promise<void> {
  const stored = flowIn(world, refusal);
  const gatewayMessageId = stored && sentIdsOf(stored).at(send === 'first' ? 0 : -1);
  if (gatewayMessageId === undefined) return;
  if (!world.gateway.deliveries.some((d) => d.messageId === gatewayMessageId)) return;
  await failed(world, { ...refusal, gatewayMessageId }, handleStatus);
}

async function refuseTemplate(world: World, refusal: Refusal, handleStatus: TakeStatus): Promise<void> {
  // Its first template message.
  const stored = flowIn(world, refusal);
  const known = stored ? otherIdsOf(stored) : [];
  const gatewayMessageId = world.gateway.templates.find((t) => known.includes(t.messageId))?.messageId;
  if (gatewayMessageId === undefined) return;
  await failed(world, { ...refusal, gatewayMessageId }, handleStatus);
}

async function failed(
  { clock }: World,
  { by, code, copies, gatewayMessageId }: Refusal & { readonly gatewayMessageId: string },
  handleStatus: TakeStatus,
): Promise<void> {
  const waId = by === 'gatewayMessageId' ? undefined : waIdOf(gatewayMessageId);
  const report = { status: 'failed', code, detail: 'Oh', at: clock.now(), waId } as const;
  const name = by === 'waId' ? undefined : gatewayMessageId;
  await Promise.all(Array.from({ length: copies }, () => handleStatus(name, report).catch(() => undefined)));
}

/**
 * All processes have stopped. Only a sweeper and a worker run on, a tick a minute, and LipaChat accepts everything.
 */
async function aftermath(scenario: ParkedScenario, world: World, broken: string[]): Promise<void> {
  const { writesAgain, finder } = scenario;
  const { workOff, handleCallbacks } = world.process('caretaker');
  const sweep = sweepingBy(finder, world);
  world.gateway.next();
  const tick = async () => {
    world.clock.advance(61_000);
    await sweep();
    for (let n = 0; n < 6; n += 1) {
      world.clock.advance(7_000);
      await workOff();
    }
  };
  if (writesAgain) await handleCallbacks([written({ late: 0, word: 'hi', copies: [] }, 'wamid.in-last')]);
  for (let n = 0; n < 45; n += 1) await tick();
  broken.push(...lostOf(world));
  // Past the time that any of them may wait or be held back.
  world.clock.moveTo(later(95_000));
  for (let n = 0; n < 20; n += 1) await tick();
  broken.push(...endsOf(world, scenario));
}
