import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chanceFor } from '../support/fleet/chance.ts';
import { clock, type Fleet, startFleet, sweep } from '../support/fleet/fleet.ts';
import { pumpQueue, QUICK_QUEUES, sweepOnAndOn, tracesOf } from '../support/fleet/lanes.ts';
import type { QueuePump } from '../support/queue-pump.ts';

const PEOPLE = 30;
const TEMPLATE = { name: 'hello', languageCode: 'en' };
const random = chanceFor('erasure');

let fleet: Fleet;
let queue: QueuePump;
let admin: string;
const people: string[] = [];

const erase = async (customer: string): Promise<void> => {
  const path = `/v1/contacts/${fleet.business}/${customer}`;
  expect((await fleet.call('DELETE', path, { token: admin })).status).toBe(204);
};

/** WhatsApp fails a delivered message for a temporary reason, so that it is due to be resent. */
const failSomething = async (customer: string): Promise<void> => {
  const [delivery] = (await fleet.lipachat.deliveries()).filter(({ to }) => to === customer);
  if (delivery) await fleet.lipachat.report(delivery.messageId, 'FAILED', { errorCode: 130429, repeat: 2 });
};

/** Sends of every kind are in progress when the erasure arrives. The customer writes nothing after it. */
const eraseInFlight = async (): Promise<void> => {
  // Some customers have a window, and some are asked to write by a template message.
  const customer = random.happens(0.5) ? await fleet.newCustomer() : fleet.canaries.number();
  people.push(customer);
  const asked = { headers: { Prefer: 'respond-async' } };
  const invite = { whenClosed: 'template', template: TEMPLATE };
  await fleet.lipachat.fail({ kind: 'slow', delayMs: 600, acceptFirst: random.happens(0.5) }, { times: 1 });
  const sends = [
    fleet.send(fleet.flow({ to: customer })),
    fleet.send({ ...fleet.flow({ to: customer }), whenClosed: 'park' }),
    fleet.send(fleet.flow({ to: customer }), asked),
    fleet.send({ ...fleet.flow({ to: customer }), ...invite }, asked),
    fleet.send({ ...fleet.flow({ to: customer }), ...invite }),
  ];
  await sleep(random.between(20, 250));
  await failSomething(customer);
  await fleet.lipachat.writeIn(customer, { to: fleet.business, text: 'stop' });
  await erase(customer);
  await Promise.all(sends);
};

beforeAll(async () => {
  fleet = await startFleet({
    ownProcesses: true,
    settings: { LEASE_SECONDS: '3', GATEWAY_DEADLINE_MS: '2000' },
    counts: { sendFlow: 2, webhook: 2, worker: 2, contacts: 2, sweeper: 1 },
    queues: QUICK_QUEUES,
  });
  admin = await fleet.newClient(['admin']);
  await fleet.lipachat.configure({ latencyMs: 150 });
  queue = pumpQueue(fleet, { duplicates: 0.2 });
  const schedule = sweepOnAndOn(fleet.workers['sweeper'] ?? [], 200);
  const left = Array.from({ length: PEOPLE });
  for (let at = 0; at < left.length; at += 3) await Promise.all([1, 2, 3].map(eraseInFlight));
  await fleet.lipachat.mend();
  await queue.drained();
  await sleep(4_000);
  await schedule.stop();
  const late = await fleet.spawn('sweeper', clock({ ahead: 200_000 }));
  await sweep(late);
  await queue.drained();
}, 180_000);
afterAll(async () => {
  await queue.close();
  await fleet.stop();
});

describe('an erasure while sends are in flight', () => {
  it('leaves no trace of the number, in any spelling', async () => {
    const traces = await Promise.all(people.map((customer) => tracesOf(fleet, customer)));
    expect(traces.flat().slice(0, 3)).toEqual([]);
  });

  it('leaves nothing that leads to the erased data: no template lock and no alias', async () => {
    const pks = (await fleet.table.items()).map(({ pk }) => pk);
    expect(pks.filter((pk) => /^(invitation|wire)#/.test(pk))).toEqual([]);
  });

  it('deletes unparsed callbacks that contain the number only inside an id', async () => {
    const [customer = ''] = people;
    const wamid = `wamid.${Buffer.from(`\u001d\f${customer}\u0015\u0002`).toString('base64')}`;
    await fleet.lipachat.callBack({ event: 'ODD', id: wamid });
    expect(await tracesOf(fleet, customer)).not.toEqual([]);
    await erase(customer);
    expect(await tracesOf(fleet, customer)).toEqual([]);
  });

  it('leaves the opt-out in force', async () => {
    for (const customer of people) {
      const answer = await fleet.send(fleet.flow({ to: customer }));
      expect(answer).toMatchObject({ status: 422, json: { code: 'recipient-opted-out' } });
      const parked = await fleet.send({ ...fleet.flow({ to: customer }), whenClosed: 'park' });
      expect(parked).toMatchObject({ status: 422, json: { code: 'recipient-opted-out' } });
    }
  });

  it('is not undone by the statuses of messages sent before it', async () => {
    for (const { messageId } of await fleet.lipachat.deliveries()) {
      await fleet.lipachat.report(messageId, 'FAILED', { errorCode: 130429 });
      await fleet.lipachat.report(messageId, 'DELIVERED');
    }
    const late = await fleet.spawn('sweeper', clock({ ahead: 30 * 60_000 }));
    await sweep(late);
    for (const customer of people) await erase(customer);
    const traces = await Promise.all(people.map((customer) => tracesOf(fleet, customer)));
    expect(traces.flat().slice(0, 3)).toEqual([]);
  });
});
