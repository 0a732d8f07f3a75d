import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isReplay } from '../support/fleet/answer.ts';
import { type Fleet, startFleet, sweep } from '../support/fleet/fleet.ts';
import { eventsOf, firsts, pumpQueue, pumpStream, QUICK_QUEUES, whenStatus } from '../support/fleet/lanes.ts';
import { processOf } from '../support/fleet/steps.ts';
import type { QueuePump } from '../support/queue-pump.ts';
import type { StreamPump } from '../support/stream-pump.ts';

let fleet: Fleet;
let queue: QueuePump;
let stream: StreamPump;

const TEMPLATE = { name: 'share_details', languageCode: 'en', placeholders: ['Asha'] };

beforeAll(async () => {
  fleet = await startFleet({ counts: { worker: 2, publisher: 2, sweeper: 1 }, queues: QUICK_QUEUES });
  queue = pumpQueue(fleet, { duplicates: 0.2 });
  stream = pumpStream(fleet, { duplicates: 0.2 });
});
afterAll(async () => {
  await Promise.all([queue.close(), stream.close()]);
  await fleet.stop();
});

describe('from a shut window to a captured reply', () => {
  it('takes one template, one flow, and no help of the caller; each event is told once, in its order', async () => {
    const customer = fleet.canaries.number();
    const flow = fleet.flow({ to: customer });
    const waiting = { ...flow, whenClosed: 'template', template: TEMPLATE };
    const pairPath = `/v1/sessions/${fleet.business}/${customer}`;

    expect(await fleet.send(flow)).toMatchObject({ status: 409, json: { code: 'session-closed' } });
    const parked = await fleet.send(waiting);
    expect(parked).toMatchObject({ status: 202, json: { status: 'parked' } });
    expect(parked.headers['location']).toContain(flow.messageId);
    expect((await fleet.call('GET', pairPath)).json).toMatchObject({ open: false, parked: 1 });
    const [template, ...templates] = await toCustomer(customer);
    expect(templates).toEqual([]);
    expect(template).toMatchObject({
      kind: 'template',
      body: {
        template: {
          name: 'share_details',
          languageCode: 'en',
          components: { body: { placeholders: ['Asha'] } },
        },
      },
    });
    expect(template?.messageId).not.toBe(flow.messageId);

    await fleet.lipachat.writeIn(customer, { to: fleet.business, repeat: 3, concurrent: true });
    await whenStatus(fleet, flow.messageId, 'sent');
    expect((await fleet.call('GET', pairPath)).json).toMatchObject({ open: true, parked: 0 });
    const again = await fleet.send(waiting);
    expect(again).toMatchObject({ status: 201, json: { status: 'sent' } });
    expect(isReplay(again)).toBe(true);

    for (const status of ['DELIVERED', 'READ'] as const) {
      await fleet.lipachat.report(flow.messageId, status, { repeat: 2 });
    }
    await fleet.lipachat.fillIn(customer, { messageId: flow.messageId, response: { package: 'Gold' } });
    const { json } = await fleet.message(flow.messageId);
    expect(json).toMatchObject({
      status: 'read',
      reply: { response: { package: 'Gold' }, matchedBy: 'only-open-flow' },
    });
    const { timeline = [] } = json;
    expect(timeline.map(({ status }) => status)).toEqual(['parked', 'sending', 'sent', 'delivered', 'read']);
    expect((await toCustomer(customer)).map(({ kind }) => kind)).toEqual(['template', 'flow']);

    await sweep(processOf(fleet, 'sweeper'));
    await queue.drained();
    await stream.caughtUp();
    const told = firsts(await eventsOf(fleet, flow.messageId)).map(({ type }) => type);
    expect(told).toEqual([
      'message.parked',
      'message.sent',
      'message.delivered',
      'message.read',
      'flow.replied',
    ]);
    const opened = firsts(await eventsOf(fleet)).filter(({ detail }) => detail['to'] === customer);
    expect(opened.filter(({ type }) => type === 'session.opened')).toHaveLength(1);
    expect(stream.failures()).toEqual([]);
  });

  it('tells every event with its version, its time and its ids', async () => {
    await stream.caughtUp();
    const kept = await fleet.aws.events();
    expect(kept.length).toBeGreaterThan(0);
    for (const { source, detail } of kept) {
      expect(source).toBe('lipaflow');
      expect(detail).toMatchObject({ eventId: expect.any(String), version: 1, at: expect.any(String) });
    }
  });

  it('tells of a template’s status', async () => {
    const body = {
      event: 'TEMPLATE_STATUS',
      templateStatus: { status: 'APPROVED', templateId: '7', templateName: 'share_details' },
    };
    await fleet.lipachat.callBack(body, { repeat: 2 });
    await stream.caughtUp();
    const told = firsts(await eventsOf(fleet)).filter(({ type }) => type === 'template.status');
    expect(told.map(({ detail }) => detail)).toMatchObject([
      { status: 'APPROVED', templateName: 'share_details' },
    ]);
  });
});

const toCustomer = async (customer: string) =>
  (await fleet.lipachat.deliveries()).filter(({ to }) => to === customer);
