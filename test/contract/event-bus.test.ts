/** The event bus: the fake, and the adapter on EventBridge's stand-in. */
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KeptEvent } from '../../local/aws/events.ts';
import { startAws } from '../../local/aws/server.ts';
import { makeEventBus } from '../../src/lib/events/eventbridge.ts';
import type { OutboundEvent } from '../../src/lib/events/events-of-change.ts';
import type { EventBus } from '../../src/lib/events/ports.ts';
import { fakeBus } from '../support/fakes/bus.ts';
import { storeDown } from '../support/fakes/link.ts';
import { later, NOW } from '../support/fakes/samples.ts';
import { callJson } from '../support/json-http.ts';

interface Bus {
  readonly bus: EventBus;
  /** The same bus while the service does not respond. */
  readonly down: EventBus;
  /** Refuses every second event of a call, starting with the first, or all of them. */
  refuse(which: 'half' | 'all'): Promise<unknown> | undefined;
  /** The accepted events, in order. */
  taken(): Promise<readonly OutboundEvent[]> | readonly OutboundEvent[];
  close(): Promise<void>;
}

function openFake(): Promise<Bus> {
  const bus = fakeBus();
  return Promise.resolve({
    bus,
    down: bus.over(() => Promise.reject(storeDown())),
    refuse: (which) => {
      bus.refuses = (_, n) => which === 'all' || n % 2 === 0;
      return undefined;
    },
    taken: () => bus.taken,
    close: () => Promise.resolve(),
  });
}

async function openEventBridge(): Promise<Bus> {
  const aws = await startAws({ port: 0, tableName: 'events', parameters: {} });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const clientAt = (endpoint: string) =>
    new EventBridgeClient({ endpoint, region: 'eu-west-1', credentials, maxAttempts: 1 });
  const [client, dead] = [clientAt(aws.url), clientAt('http://127.0.0.1:1')];
  const fault = { target: 'PutEvents', fault: 'fail-entries', times: null };
  return {
    bus: makeEventBus({ client, busName: 'company' }),
    down: makeEventBus({ client: dead, busName: 'company' }),
    refuse: (which) =>
      callJson('PUT', `${aws.url}/__aws/faults`, { ...fault, every: which === 'all' ? 1 : 2 }),
    taken: async () =>
      (await callJson<KeptEvent[]>('GET', `${aws.url}/__aws/events`)).map(({ detailType, detail }) => ({
        type: detailType,
        detail: detail as OutboundEvent['detail'],
      })),
    async close() {
      for (const one of [client, dead]) one.destroy();
      await aws.close();
    },
  };
}

describe.each([
  { name: 'the fake', open: openFake },
  { name: 'EventBridge’s stand-in', open: openEventBridge },
])('the event bus on $name', ({ open }) => {
  let opened: Bus;
  beforeEach(async () => {
    opened = await open();
  });
  afterEach(() => opened.close());

  const event = (n: number): OutboundEvent => ({
    type: n % 2 === 0 ? 'message.sent' : 'message.read',
    detail: { eventId: `e-${n}`, version: 1, at: later(n, NOW).toISOString(), text: 'Habari 👋🏽' },
  });
  const events = (count: number) => Array.from({ length: count }, (_, n) => event(n));

  it('accepts up to ten events a call, each under its type, in order', async () => {
    expect(await opened.bus.put(events(10))).toEqual(Array(10).fill(true));
    expect(await opened.bus.put([event(10)])).toEqual([true]);
    expect(await opened.taken()).toEqual(events(11));
  });

  it('throws for more than ten events and for none, and accepts none of them', async () => {
    for (const count of [0, 11]) await expect(opened.bus.put(events(count))).rejects.toThrow();
    expect(await opened.taken()).toEqual([]);
  });

  it('reports which events of a call it accepted', async () => {
    await opened.refuse('half');
    const answer = await opened.bus.put(events(4));
    expect(answer).toHaveLength(4);
    expect(answer.filter(Boolean)).toHaveLength(2);
    expect(await opened.taken()).toEqual(events(4).filter((_, n) => answer[n]));
  });

  it('reports that it accepted none', async () => {
    await opened.refuse('all');
    expect(await opened.bus.put(events(2))).toEqual([false, false]);
    expect(await opened.taken()).toEqual([]);
  });

  it('accepts an event twice when it is put twice', async () => {
    await opened.bus.put([event(1)]);
    await opened.bus.put([event(1)]);
    expect(await opened.taken()).toEqual([event(1), event(1)]);
  });

  it('throws while the service does not respond', async () => {
    await expect(opened.down.put(events(1))).rejects.toThrow();
  });
});
