/**
 * Faults that every sender meets one day, and what becomes of the message. The caller repeats until it gets a
 * 201.
 */
import { randomUUID } from 'node:crypto';
import { createLipaChat, type Fault, type LipaChat } from '../test/support/fleet/lipachat.ts';
import { type Candidate, flowEvent, type World } from './world.ts';

export interface FaultRow {
  readonly fault: string;
  readonly wanted: string;
  /** By candidate: how often the message was delivered, and the last status that the caller saw. */
  readonly ends: Record<
    string,
    { readonly deliveries: number; readonly status: number; readonly right: boolean }
  >;
}

interface Scenario {
  readonly fault: string;
  readonly wanted: string;
  readonly strikes: Fault;
  readonly times: number;
  /** Does LipaChat send a repeated messageId again? */
  readonly repeats: 'same-receipt' | 'send-again';
  /** LipaFlow's settings for such a gateway. */
  readonly settings: Record<string, string>;
  readonly isRight: (end: { deliveries: number; status: number }) => boolean;
}

const ONE = 'one delivery';
const once = ({ deliveries }: { deliveries: number }): boolean => deliveries === 1;

const SCENARIOS: readonly Scenario[] = [
  {
    fault: 'accepted, then the connection drops; LipaChat deduplicates',
    wanted: ONE,
    strikes: { kind: 'accept-then-reset' },
    times: 1,
    repeats: 'same-receipt',
    settings: {},
    isRight: once,
  },
  {
    fault: 'the same, but LipaChat sends repeats again (`AMBIGUOUS_OUTCOME=hold`)',
    wanted: ONE,
    strikes: { kind: 'accept-then-reset' },
    times: 1,
    repeats: 'send-again',
    settings: { AMBIGUOUS_OUTCOME: 'hold' },
    isRight: once,
  },
  {
    fault: 'throttled (429) three times; the caller repeats',
    wanted: 'sent, once',
    strikes: { kind: 'throttle' },
    times: 3,
    repeats: 'same-receipt',
    settings: {},
    isRight: (end) => once(end) && end.status === 201,
  },
];

const CONTENDERS: readonly { name: string; who: Candidate; settings: Record<string, string> }[] = [
  { name: 'LipaFlow', who: 'lipaflow', settings: {} },
  { name: 'peer, throws on failure', who: 'peer', settings: { PEER_FAILURES: 'throw' } },
  { name: 'peer, answers on failure', who: 'peer', settings: { PEER_FAILURES: 'answer' } },
];

const CALLS = 5;

async function play(
  world: World,
  lipachat: LipaChat,
  scenario: Scenario,
  contender: (typeof CONTENDERS)[number],
) {
  const messageId = randomUUID();
  await lipachat.configure({ duplicateAnswer: scenario.repeats, enforceSessions: false });
  await lipachat.fail(scenario.strikes, { messageId, times: scenario.times });
  const own = contender.who === 'lipaflow' ? scenario.settings : contender.settings;
  const bundle = await world.candidate(contender.who, own);
  let status = 0;
  for (let call = 0; call < CALLS && status !== 201; call += 1) {
    // For a thrown error, API Gateway responds with 500.
    status = (await bundle.invoke(flowEvent(messageId))).answer?.statusCode ?? 500;
  }
  bundle.stop();
  await lipachat.mend();
  const end = { deliveries: (await lipachat.deliveries(messageId)).length, status };
  return { ...end, right: scenario.isRight(end) };
}

export async function benchFaults(world: World): Promise<FaultRow[]> {
  const lipachat = createLipaChat(world.simulator);
  const rows: FaultRow[] = [];
  for (const scenario of SCENARIOS) {
    const ends: FaultRow['ends'] = {};
    for (const contender of CONTENDERS)
      ends[contender.name] = await play(world, lipachat, scenario, contender);
    rows.push({ fault: scenario.fault, wanted: scenario.wanted, ends });
  }
  return rows;
}
