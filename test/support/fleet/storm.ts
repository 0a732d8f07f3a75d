/**
 * A storm over a fleet: faults of LipaChat and of the store, processes killed and stopped, callers who repeat.
 * It only makes trouble and notes what was said; what must hold in the end is for the test to say.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultSpec } from '../../../local/aws/faults.ts';
import type { StatusWord } from '../../../local/simulator/settings.ts';
import type { Worker } from '../worker.ts';
import type { Answer } from './answer.ts';
import type { RunChance } from './chance.ts';
import { type Fleet, type Flow, sweep } from './fleet.ts';
import type { Fault } from './lipachat.ts';
import { unlessKilled } from './steps.ts';

export type Storm = { fleet: Fleet; random: RunChance; over: () => boolean };
/** What callers were told about one message, in order; undefined where the process died before it answered. */
export type Told = { flow: Flow; answers: (Answer | undefined)[] };

const REPORTED: [StatusWord, ...StatusWord[]] = ['SENT', 'DELIVERED', 'READ'];

const faultOfLipaChat = ({ pick, between, happens }: RunChance): Fault =>
  pick<Fault>([
    { kind: 'accept-then-reset' },
    { kind: 'accept-then-reset' },
    { kind: 'accept-then-silence' },
    { kind: 'cut-body' },
    { kind: 'html-502', accepted: happens(0.5) },
    { kind: 'server-error', accepted: happens(0.5) },
    { kind: 'not-json', accepted: true },
    { kind: 'empty', accepted: true },
    { kind: 'slow', delayMs: between(100, 2_500), acceptFirst: happens(0.7) },
    { kind: 'reset-before-accept' },
    { kind: 'silence-before-accept' },
    { kind: 'throttle', retryAfter: between(0, 3) },
    { kind: 'invalid-credentials', httpStatus: pick([200, 401]) },
    { kind: 'reject', message: 'Unknown flow' },
    { kind: 'session-closed' },
  ]);

/** Some of the first calls for a message meet a fault, each its own. */
export const spoil = async ({ fleet, random }: Omit<Storm, 'over'>, flow: Flow): Promise<void> => {
  if (!random.happens(0.65)) return;
  const count = random.between(1, 3);
  for (let n = 0; n < count; n += 1) {
    await fleet.lipachat.fail(faultOfLipaChat(random), { messageId: flow.messageId });
  }
};

/** Faults of the store that strike now and then, for as long as they are there. */
export const storeFaults = (random: RunChance): FaultSpec[] => {
  const seed = random.between(1, 1_000_000);
  const ever = { times: null, seed } as const;
  return [
    { ...ever, target: 'PutItem', fault: 'apply-then-reset', probability: 0.05 },
    { ...ever, target: '*', fault: 'reset', probability: 0.03 },
    { ...ever, target: '*', fault: 'throttle', probability: 0.03 },
    { ...ever, target: 'GetItem', fault: 'unavailable', probability: 0.02 },
    { ...ever, target: 'DeleteItem', fault: 'apply-then-reset', probability: 0.2 },
    { ...ever, target: '*', fault: 'delay', ms: 400, probability: 0.03 },
    { ...ever, target: 'PutItem', fault: 'hang', probability: 0.01 },
  ];
};

/** A caller: sends, and comes back a few times for as long as it has no final answer. */
export const callAgainAndAgain = async (storm: Storm, told: Told): Promise<void> => {
  const { fleet, random } = storm;
  const tries = random.between(1, 4);
  for (let n = 0; n < tries && !storm.over(); n += 1) {
    const senders = fleet.workers['sendFlow'] ?? [];
    const sender = senders[random.between(0, senders.length - 1)];
    if (!sender) return;
    const answer = await unlessKilled(fleet.sendThrough(sender, told.flow));
    told.answers.push(answer);
    if (answer && [201, 422].includes(answer.status) && random.happens(0.7)) return;
    await sleep(random.between(50, 1_500));
  }
};

/** Every now and then a sender is killed, and another one takes its place. */
export const killNowAndThen = async ({ fleet, random, over }: Storm): Promise<number> => {
  const senders = fleet.workers['sendFlow'] ?? [];
  let killed = 0;
  for (;;) {
    await sleep(random.between(600, 1_800));
    if (over()) return killed;
    const at = random.between(0, senders.length - 1);
    senders[at]?.kill();
    killed += 1;
    senders[at] = await fleet.spawn('sendFlow');
  }
};

/** Every now and then a sender is stopped for longer than its lease, and goes on as if nothing had been. */
export const stopNowAndThen = async ({ fleet, random, over }: Storm, leaseMs: number): Promise<void> => {
  for (;;) {
    await sleep(random.between(500, 1_500));
    if (over()) return;
    const senders = fleet.workers['sendFlow'] ?? [];
    const sender = senders[random.between(0, senders.length - 1)];
    sender?.kill('SIGSTOP');
    await sleep(leaseMs + random.between(200, 1_000));
    sender?.kill('SIGCONT');
  }
};

/** The schedule, faster than on AWS; the sweeper is killed as well, and its faults are not fatal. */
export const sweepNowAndThen = async ({ fleet, random, over }: Storm): Promise<void> => {
  let sweeper: Worker = await fleet.spawn('sweeper');
  for (;;) {
    await sleep(random.between(300, 900));
    if (over()) return;
    const tick = sweep(sweeper).catch(() => undefined);
    if (random.happens(0.1)) {
      await sleep(random.between(0, 200));
      sweeper.kill();
      sweeper = await fleet.spawn('sweeper');
    }
    await tick;
  }
};

/** LipaChat's callbacks: doubled, out of order, before the answer; and some that name WhatsApp's id alone. */
export const callBackNowAndThen = async ({ fleet, random, over }: Storm): Promise<void> => {
  while (!over()) {
    await fleet.lipachat.configure({
      callbacks: {
        enabled: random.happens(0.7),
        early: random.happens(0.4),
        duplicate: random.happens(0.5),
        reorder: random.happens(0.5),
        delayMs: random.between(0, 300),
      },
    });
    const deliveries = await fleet.lipachat.deliveries();
    const one = deliveries[random.between(0, Math.max(0, deliveries.length - 1))];
    const useWaIdOnly = random.happens(0.5);
    if (one) await fleet.lipachat.report(one.messageId, random.pick(REPORTED), { useWaIdOnly });
    // A window that LipaChat called shut opens again.
    if (one) await fleet.lipachat.writeIn(one.to, { to: fleet.business });
    await sleep(random.between(100, 500));
  }
};
