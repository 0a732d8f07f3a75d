import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ownKeyParameter } from '../../src/lib/lipachat/api-keys.ts';
import { type Fleet, type Flow, startFleet } from '../support/fleet/fleet.ts';
import { processOf } from '../support/fleet/steps.ts';

const PROCESSES = 5;
const IDS = 50;

let fleet: Fleet;

beforeEach(async () => {
  const settings = { SECRET_CACHE_SECONDS: '300' };
  fleet = await startFleet({ ownProcesses: true, settings, counts: { sendFlow: PROCESSES } });
});
afterEach(() => fleet.stop());

const readsOf = async (parameter: string): Promise<number> => {
  const { GetParameter = 0 } = await fleet.aws.requests(parameter);
  return GetParameter;
};
const readsOfTheKey = () => readsOf(fleet.environment.API_KEY_PARAMETER);

const sendOver = (flows: Flow[]) =>
  Promise.all(flows.map((flow, n) => fleet.sendThrough(processOf(fleet, 'sendFlow', n % PROCESSES), flow)));

const warmUp = (): Promise<unknown> => sendOver(Array.from({ length: PROCESSES }, () => fleet.flow()));

/** Sets a new key at LipaChat and in the parameter store. From now on the old one is refused. */
const rotate = async (): Promise<void> => {
  const next = fleet.canaries.secret('api-key-next');
  await fleet.aws.setParameter(fleet.environment.API_KEY_PARAMETER, next);
  await fleet.lipachat.configure({ apiKeys: [next] });
};

describe('a key rotation while fifty ids are in progress over five processes', () => {
  it.each([401, 200] as const)(
    'leads to one send each, with one forced refresh a process: Invalid credentials on %i',
    async (invalidCredentialsStatus) => {
      await fleet.lipachat.configure({ invalidCredentialsStatus, latencyMs: 150 });
      await warmUp();
      const before = await readsOfTheKey();
      const flows = Array.from({ length: IDS }, () => fleet.flow());
      const early = sendOver(flows.slice(0, IDS / 2));
      await sleep(60);
      const rotated = rotate();
      const late = sendOver(flows.slice(IDS / 2));
      await rotated;
      const answers = [...(await early), ...(await late)];

      for (const answer of answers) expect(answer).toMatchObject({ status: 201, json: { status: 'sent' } });
      const calls = await fleet.lipachat.calls();
      for (const { messageId } of flows) {
        const own = calls.filter((call) => call.messageId === messageId);
        expect(own.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(1);
        expect(own.filter(({ outcome }) => outcome === 'deduplicated')).toEqual([]);
      }
      expect(await readsOfTheKey()).toBeLessThanOrEqual(before + PROCESSES);
      expect(await fleet.table.asText()).not.toMatch(/invalid credentials/i);
      // All processes hold the new key now.
      await sendOver(Array.from({ length: PROCESSES }, () => fleet.flow()));
      const last = (await fleet.lipachat.calls()).slice(-PROCESSES);
      expect(last.map(({ outcome }) => outcome)).toEqual(Array(PROCESSES).fill('accepted'));
    },
  );

  it('meets at least some ids with the old key', async () => {
    await warmUp();
    await rotate();
    const answers = await sendOver(Array.from({ length: IDS }, () => fleet.flow()));
    expect(answers.map(({ status }) => status)).toEqual(Array(IDS).fill(201));
    const refused = (await fleet.lipachat.calls()).filter(({ apiKeyRight }) => !apiKeyRight);
    expect(refused.length).toBeGreaterThanOrEqual(PROCESSES);
  });
});

describe('a key that is wrong in the parameter store, too', () => {
  it('is read again once a process, every claim is given back, and no answer is stored', async () => {
    await warmUp();
    await fleet.lipachat.configure({ apiKeys: [fleet.canaries.secret('api-key-unknown')] });
    const before = await readsOfTheKey();
    const flows = Array.from({ length: IDS }, () => fleet.flow());
    const answers = [...(await sendOver(flows)), ...(await sendOver(flows))];
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 503, json: { code: 'gateway-credentials' } });
    }
    expect(await readsOfTheKey()).toBeLessThanOrEqual(before + PROCESSES);
    for (const { messageId } of flows) expect(await fleet.table.message(messageId)).toBeUndefined();
    expect(await fleet.table.asText()).not.toMatch(/invalid credentials/i);

    await fleet.lipachat.configure({ apiKeys: [fleet.apiKey] });
    const again = await sendOver(flows);
    expect(again.map(({ status }) => status)).toEqual(Array(IDS).fill(201));
    expect(await fleet.lipachat.deliveries()).toHaveLength(IDS + PROCESSES);
  });
});

describe('while the parameter store is down', () => {
  it.each(['unavailable', 'hang'] as const)(
    'a warm process continues, and a cold one returns 503 and makes no call: %s',
    async (fault) => {
      const quick = { SECRET_CACHE_SECONDS: '1' };
      const warm = await fleet.spawn('sendFlow', quick);
      expect(await fleet.sendThrough(warm, fleet.flow())).toMatchObject({ status: 201 });
      await fleet.aws.addFaults({ target: 'GetParameter', fault, times: null });
      await sleep(1_200);
      expect(await fleet.sendThrough(warm, fleet.flow())).toMatchObject({ status: 201 });

      const cold = await fleet.spawn('sendFlow', quick);
      const flow = fleet.flow();
      expect(await fleet.sendThrough(cold, flow)).toMatchObject({
        status: 503,
        headers: { 'retry-after': expect.any(String) },
        json: { code: 'gateway-credentials' },
      });
      expect(await fleet.lipachat.calls(flow.messageId)).toEqual([]);
      expect(await fleet.table.message(flow.messageId)).toBeUndefined();

      await fleet.aws.clearFaults();
      expect(await fleet.sendThrough(cold, flow)).toMatchObject({ status: 201 });
      expect(await fleet.lipachat.deliveries(flow.messageId)).toHaveLength(1);
    },
  );
});

describe('a rotation of one brand’s key while both brands send over five processes', () => {
  const BRAND = '254110090755';
  const PARAMETER = ownKeyParameter('local', BRAND);

  it('leads to one send each, and the other brand meets no refusal and no further read', async () => {
    const key = () => fleet.canaries.secret('own-key');
    const setOwnKey = async (own: string) => {
      await fleet.aws.setParameter(PARAMETER, own);
      await fleet.lipachat.configure({ apiKeysByNumber: { [BRAND]: [own] } });
    };
    const processes = await Promise.all(
      Array.from({ length: PROCESSES }, () => fleet.spawn('sendFlow', { NUMBERS_WITH_OWN_KEY: BRAND })),
    );
    const { customer } = fleet;
    await fleet.lipachat.writeIn(customer, { to: BRAND });
    await fleet.lipachat.configure({ latencyMs: 150 });
    await setOwnKey(key());
    const flowsOf = (from: string) => Array.from({ length: IDS }, () => fleet.flow({ from, to: customer }));
    const sendBoth = (own: Flow[], others: Flow[]) =>
      Promise.all(
        [...own, ...others].map((flow, n) => {
          const process = processes[n % PROCESSES];
          if (!process) throw new Error('there is no such process');
          return fleet.sendThrough(process, flow);
        }),
      );
    await sendBoth(flowsOf(BRAND).slice(0, PROCESSES), flowsOf(fleet.business).slice(0, PROCESSES));
    const [ownReads, otherReads] = [await readsOf(PARAMETER), await readsOfTheKey()];

    const [own, others] = [flowsOf(BRAND), flowsOf(fleet.business)];
    const early = sendBoth(own.slice(0, IDS / 2), others.slice(0, IDS / 2));
    await sleep(60);
    const rotated = setOwnKey(key());
    const late = sendBoth(own.slice(IDS / 2), others.slice(IDS / 2));
    await rotated;
    for (const answer of [...(await early), ...(await late)])
      expect(answer).toMatchObject({ status: 201, json: { status: 'sent' } });

    const calls = await fleet.lipachat.calls();
    const of = (flows: Flow[]) =>
      calls.filter((call) => flows.some((flow) => flow.messageId === call.messageId));
    expect(of(others).map(({ outcome, apiKeyRight }) => [outcome, apiKeyRight])).toEqual(
      Array(IDS).fill(['accepted', true]),
    );
    expect(of(own).filter(({ outcome }) => outcome === 'accepted')).toHaveLength(IDS);
    expect(await readsOf(PARAMETER)).toBeLessThanOrEqual(ownReads + PROCESSES);
    expect(await readsOfTheKey()).toBe(otherReads);
  });
});
