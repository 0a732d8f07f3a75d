/** LipaChat's callbacks: none is lost after its 200, whatever is throttled, killed, repeated or out of order. */
import { setTimeout as sleep } from 'node:timers/promises';
import pMap from 'p-map';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chanceFor } from '../support/fleet/chance.ts';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';
import { QUICK_QUEUES } from '../support/fleet/lanes.ts';

const random = chanceFor('callbacks');
let fleet: Fleet;

const post = async (body: object, secret = fleet.webhookSecret): Promise<number> => {
  const response = await fetch(`${fleet.url}/v1/webhooks/lipachat/${secret}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  await response.arrayBuffer();
  return response.status;
};
let ids = 0;
const text = (from: string, words = 'hello') => {
  ids += 1;
  return {
    messageId: `wamid.in${ids}`,
    from,
    to: fleet.business,
    profileName: 'A',
    type: 'TEXT',
    text: words,
  };
};
const session = async (customer: string) =>
  (await fleet.call('GET', `/v1/sessions/${fleet.business}/${customer}`)).json;
const numbers = (count: number) => Array.from({ length: count }, () => fleet.canaries.number());

describe('while the parameter store throttles every process that starts', () => {
  /** A minute, as AWS may need; less by default, so that the run stays short. */
  const THROTTLED_MS = Number(process.env['CALLBACKS_THROTTLED_MS'] ?? 15_000);
  const CUSTOMERS = 500;
  const FORGED = 50;

  beforeAll(async () => {
    fleet = await startFleet({
      ownProcesses: true,
      counts: { webhook: 2, callbacks: 2 },
      queues: QUICK_QUEUES,
      callbacks: { waitForEffects: false },
    });
  });
  afterAll(() => fleet.stop());

  it(`takes ${CUSTOMERS} callbacks, and their effects follow within 5 s after it heals; forgeries have none`, {
    timeout: THROTTLED_MS + 240_000,
  }, async () => {
    const customers = numbers(CUSTOMERS);
    const strangers = numbers(FORGED);
    await fleet.aws.addFaults({ target: 'GetParameter', fault: 'throttle', times: null });
    for (const name of ['webhook', 'callbacks']) await fleet.replace(name, {});
    const until = performance.now() + THROTTLED_MS;
    const real = customers.map((customer) => ({ body: text(customer), secret: fleet.webhookSecret }));
    const forged = strangers.map((stranger, n) => ({
      body: text(stranger),
      secret: n % 2 === 0 ? 'a-wrong-secret-that-is-long-enough-to-be-one' : `${fleet.webhookSecret}x`,
    }));
    const statuses = await pMap([...real, ...forged], ({ body, secret }) => post(body, secret), {
      concurrency: 20,
    });
    expect(new Set(statuses)).toEqual(new Set([200]));
    await sleep(Math.max(0, until - performance.now()));
    const opened = await pMap(customers, async (customer) => (await session(customer)).open, {
      concurrency: 20,
    });
    expect(opened.filter(Boolean)).toEqual([]);

    await fleet.aws.clearFaults();
    const healed = performance.now();
    await fleet.callbacks.drained(200_000);
    console.log(
      `callbacks: effects ${Math.round(performance.now() - healed)} ms after the parameter store healed`,
    );
    const after = await pMap(customers, async (customer) => (await session(customer)).open, {
      concurrency: 20,
    });
    expect(after.filter(Boolean)).toHaveLength(CUSTOMERS);
    const foreign = await pMap(strangers, async (stranger) => (await session(stranger)).open, {
      concurrency: 20,
    });
    expect(foreign.filter(Boolean)).toEqual([]);
    const printed = (fleet.workers['callbacks'] ?? []).map((worker) => worker.output()).join('\n');
    // At least once each: a slow batch may come twice.
    const counted = printed.split('\n').filter((line) => line.includes('"message":"callback.forged"'));
    const ids = counted.map((line) => (JSON.parse(line) as { correlationId: string }).correlationId);
    expect(new Set(ids).size).toBe(FORGED);
  });
});

describe('2,000 callbacks, while their workers are killed and SQS repeats and mixes them', () => {
  const CUSTOMERS = 200;
  const STATUSES = ['SENT', 'DELIVERED', 'READ'];
  const KILLS = 12;
  let killed = 0;

  beforeAll(async () => {
    fleet = await startFleet({
      ownProcesses: true,
      counts: { sendFlow: 2, webhook: 2, callbacks: 4 },
      queues: { ...QUICK_QUEUES, visibilityTimeoutSeconds: 10 },
      callbacks: { waitForEffects: false, duplicates: 0.2, duplicateWithinMs: 2_000 },
    });
    // The customers write to us alone.
    await fleet.lipachat.configure({ enforceSessions: false });
  });
  afterAll(() => fleet.stop());

  const killUntil = async (over: () => boolean): Promise<void> => {
    const workers = fleet.workers['callbacks'] ?? [];
    // However fast the machine is, enough of them die to prove something.
    while (!over() || killed < KILLS) {
      await sleep(random.between(100, 500));
      const successor = await fleet.spawn('callbacks');
      workers.splice(random.between(0, workers.length - 1), 1, successor)[0]?.kill();
      killed += 1;
    }
  };

  it('leave windows, statuses, replies and opt-outs exactly as they say', { timeout: 400_000 }, async () => {
    const customers = numbers(CUSTOMERS);
    await pMap(customers, async (customer) => expect(await post(text(customer))).toBe(200), {
      concurrency: 10,
    });
    await fleet.callbacks.drained();
    const flows = customers.map((to) => fleet.flow({ to }));
    await pMap(flows, async (flow) => expect(await fleet.send(flow)).toMatchObject({ status: 201 }), {
      concurrency: 8,
    });

    let isOver = false;
    const killing = killUntil(() => isOver);
    const lastWords = new Map<string, string>();
    const tell = async ({ messageId, to }: (typeof flows)[number]): Promise<void> => {
      const [delivery] = await fleet.lipachat.deliveries(messageId);
      const context = { id: delivery?.waId };
      const nfm_reply = { name: 'flow', body: 'Sent', response_json: JSON.stringify({ of: messageId }) };
      const reply = {
        ...text(to),
        type: 'INTERACTIVE',
        context,
        interactive: { type: 'nfm_reply', nfm_reply },
      };
      const statuses = STATUSES.map((status) => ({
        event: 'MESSAGE_STATUS',
        messageStatus: { waId: delivery?.waId, messageId, status },
      })).sort(() => random.fraction() - 0.5);
      for (const body of [...statuses, reply]) expect(await post(body)).toBe(200);
      for (let n = 0; n < 4; n += 1) {
        const word = random.pick(['STOP', 'START']);
        expect(await post(text(to, word))).toBe(200);
        lastWords.set(to, word);
        // Words that arrive in one millisecond are a tie, which STOP wins.
        await sleep(3);
      }
      expect(await post(text(to), `${fleet.webhookSecret}x`)).toBe(401);
    };
    await pMap(flows, tell, { concurrency: 10 });
    isOver = true;
    await killing;
    await fleet.callbacks.drained(200_000);
    console.log(`callbacks: ${killed} killed, ${JSON.stringify(fleet.callbacks.counts())}`);
    expect(killed).toBeGreaterThanOrEqual(KILLS);

    for (const { messageId, to } of flows) {
      const { json } = await fleet.message(messageId);
      expect(json).toMatchObject({
        status: 'read',
        reply: { response: { of: messageId }, matchedBy: 'context' },
      });
      expect(await session(to)).toMatchObject({ open: true, optedOut: lastWords.get(to) === 'STOP' });
    }
  });
});
