import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isReplay } from '../support/fleet/answer.ts';
import { chanceFor } from '../support/fleet/chance.ts';
import { clock, type Fleet, startFleet, sweep } from '../support/fleet/fleet.ts';
import type { Call, Delivery } from '../support/fleet/lipachat.ts';
import {
  callAgainAndAgain,
  callBackNowAndThen,
  killNowAndThen,
  type Storm,
  spoil,
  stopNowAndThen,
  storeFaults,
  sweepNowAndThen,
  type Told,
} from '../support/fleet/storm.ts';
import type { Item } from '../support/fleet/table.ts';
import { until } from '../support/fleet/wait.ts';

const IDS = 150;
const LEASE_SECONDS = 3;
const SETTINGS = {
  LEASE_SECONDS: String(LEASE_SECONDS),
  GATEWAY_DEADLINE_MS: '1500',
  SECRET_CACHE_SECONDS: '5',
};
/** The statuses that the contract allows for everything that happens here. A 500 is not among them. */
const ALLOWED = [201, 202, 409, 422, 503];
/** Responses that leave no doubt that the request was refused. */
const REFUSALS = ['throttle', 'invalid-credentials', 'session-closed', 'reject'];

const finalsOf = ({ answers }: Told) =>
  answers.filter((answer) => answer !== undefined && [201, 422].includes(answer.status));

const tally = (words: unknown[]): string =>
  [...Map.groupBy(words, String)].map(([word, all]) => `${word} ${all.length}`).join(', ');

describe.each([
  // LipaChat keeps its promise to recognize a messageId.
  { mode: 'resend', duplicateAnswers: ['same-receipt', 'error'] as const },
  // LipaChat breaks its promise: a service that holds ambiguous outcomes does not depend on it.
  { mode: 'hold', duplicateAnswers: ['send-again', 'send-again'] as const },
])('after a storm of faults, kills and zombies, and quiet sweeps: $mode', ({ mode, duplicateAnswers }) => {
  const random = chanceFor(`storm ${mode}`);
  const told: Told[] = [];
  let fleet: Fleet;
  let delivered: Map<string, Delivery[]>;
  let called: Map<string | null, Call[]>;
  let stored: Map<string, Item>;
  let killed = 0;

  const messageOf = ({ flow }: Told): Item | undefined => stored.get(`message#${flow.messageId}`);

  const look = async (): Promise<void> => {
    delivered = Map.groupBy(await fleet.lipachat.deliveries(), ({ messageId }) => messageId);
    called = Map.groupBy(await fleet.lipachat.calls(), ({ messageId }) => messageId);
    stored = new Map((await fleet.table.items()).map((item) => [item.pk, item]));
  };

  const startMessages = async (storm: Storm): Promise<void> => {
    const customers = await Promise.all(Array.from({ length: 20 }, fleet.newCustomer));
    const callers: Promise<void>[] = [];
    for (let n = 0; n < IDS; n += 1) {
      const flow = fleet.flow({ to: customers[n % customers.length] ?? fleet.customer });
      const one: Told = { flow, answers: [] };
      told.push(one);
      await spoil(storm, flow);
      const together = random.between(1, 3);
      for (let caller = 0; caller < together; caller += 1) callers.push(callAgainAndAgain(storm, one));
      await sleep(random.between(20, 400));
    }
    await Promise.all(callers);
  };

  /** No faults and no stopped processes: the sweeper runs alone, past the end of every delay. */
  const quietDown = async (): Promise<void> => {
    await fleet.aws.clearFaults();
    await fleet.lipachat.mend();
    await fleet.lipachat.configure({ callbacks: { enabled: false } });
    await until('the last callbacks', async () => (await fleet.lipachat.pendingCallbacks()) === 0);
    for (const sender of fleet.workers['sendFlow'] ?? []) sender.kill('SIGCONT');
    await sleep((LEASE_SECONDS + 2) * 1_000);
    for (const ahead of [0, 45_000, 90_000, 150_000]) {
      const sweeper = await fleet.spawn('sweeper', clock({ ahead }));
      await sweep(sweeper);
      await sweeper.stop();
    }
    await fleet.callbacks.lookUpNow();
  };

  /** What the storm led to, for the log of a failed run. */
  const summary = (): string => {
    const answers = told.flatMap((one) => one.answers.map((answer) => answer?.status ?? 'none'));
    const statuses = told.map((one) => messageOf(one)?.['status'] ?? 'given back');
    return `${killed} killed, ${delivered.size} delivered; answers: ${tally(answers)}; messages: ${tally(statuses)}`;
  };

  beforeAll(async () => {
    const settings = { ...SETTINGS, AMBIGUOUS_OUTCOME: mode };
    fleet = await startFleet({ ownProcesses: true, settings, counts: { sendFlow: 4, webhook: 2 } });
    await fleet.lipachat.configure({ duplicateAnswer: random.pick(duplicateAnswers) });
    await fleet.aws.addFaults(storeFaults(random));
    let over = false;
    const storm: Storm = { fleet, random, over: () => over };
    const trouble = [
      killNowAndThen(storm).then((count) => {
        killed = count;
      }),
      stopNowAndThen(storm, LEASE_SECONDS * 1_000),
      sweepNowAndThen(storm),
      callBackNowAndThen(storm),
    ];
    await startMessages(storm);
    over = true;
    await Promise.all(trouble);
    await quietDown();
    await look();
    console.log(`storm ${mode}: ${summary()}`);
  }, 240_000);
  afterAll(() => fleet.stop());

  it('processes have died and messages have met every kind of outcome', () => {
    expect(told).toHaveLength(IDS);
    expect(killed).toBeGreaterThan(5);
    expect(delivered.size).toBeGreaterThan(IDS / 3);
  });

  it('no message was delivered twice', () => {
    const twice = [...delivered].filter(([, deliveries]) => deliveries.length > 1);
    expect(twice.map(([messageId]) => messageId)).toEqual([]);
  });

  it('no message was called again after an ambiguous outcome when it is held', () => {
    const repeated = [...called].filter(([, calls]) => {
      return calls.filter(({ fault }) => !REFUSALS.includes(fault ?? '')).length > 1;
    });
    if (mode === 'hold') expect(repeated.map(([messageId]) => messageId)).toEqual([]);
    else expect(repeated.length).toBeGreaterThan(0);
  });

  it('no caller got a response outside the contract', () => {
    const strange = told.flatMap(({ answers }) =>
      answers.filter((answer) => answer && !ALLOWED.includes(answer.status)),
    );
    expect(strange).toEqual([]);
  });

  it('no message is still in progress', () => {
    const left = [...stored.values()].filter(({ status, lease }) => status === 'sending' || lease);
    expect(left).toEqual([]);
  });

  it('every delivered message is sent or higher, or correctly reported as unknown', () => {
    for (const messageId of delivered.keys()) {
      const item = stored.get(`message#${messageId}`);
      expect(item, `${messageId} was delivered and is lost`).toBeDefined();
      expect(['sent', 'delivered', 'read', 'unknown']).toContain(item?.['status']);
      if (item?.['status'] === 'unknown') expect(item['reason']).toEqual(expect.any(String));
    }
  });

  it('no unsent message was reported as sent', () => {
    for (const one of told) {
      const deliveries = delivered.get(one.flow.messageId) ?? [];
      const sent = finalsOf(one).filter((answer) => answer?.status === 201);
      for (const answer of sent) {
        expect(answer?.json.status).toBe('sent');
        if (answer?.json.waId) expect(answer.json.waId).toBe(deliveries[0]?.waId);
      }
      const status = messageOf(one)?.['status'];
      const isCalledSent = sent.length > 0 || ['sent', 'delivered', 'read'].includes(String(status));
      if (isCalledSent) expect(deliveries, `${one.flow.messageId} is a false ${status}`).toHaveLength(1);
    }
  });

  it('all final answers of a message are the same bytes, and are replayed', async () => {
    for (const one of told) {
      const texts = new Set(finalsOf(one).map((answer) => answer?.text));
      expect(texts.size, one.flow.messageId).toBeLessThanOrEqual(1);
      const [text] = texts;
      if (text === undefined) continue;
      const again = await fleet.send(one.flow);
      expect(again.text, one.flow.messageId).toBe(text);
      expect(isReplay(again)).toBe(true);
    }
  });

  it('callers who repeat their requests settle every message, and still none is delivered twice', async () => {
    const customers = new Set(told.map(({ flow }) => flow.to));
    for (const customer of customers) await fleet.lipachat.writeIn(customer, { to: fleet.business });
    for (const { flow } of told) {
      const first = await fleet.send(flow);
      const ends = mode === 'hold' ? [201, 422, 202] : [201, 422];
      expect(ends, `${flow.messageId}: ${first.text}`).toContain(first.status);
      const again = await fleet.send(flow);
      expect(again).toMatchObject({ status: first.status, text: first.text });
      expect(isReplay(again)).toBe(first.status !== 202);
    }
    await look();
    for (const deliveries of delivered.values()) expect(deliveries).toHaveLength(1);
  });
});
