/** The rest of AWS around a fleet: its queue and its stream, the schedule, and what went out on the bus. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type QueuePump, type QueuePumpOptions, startQueuePump } from '../queue-pump.ts';
import { type StreamPump, type StreamPumpOptions, startStreamPump } from '../stream-pump.ts';
import type { Worker } from '../worker.ts';
import { foundIn } from './canaries.ts';
import { type Fleet, sweep } from './fleet.ts';
import { processOf } from './steps.ts';
import { until } from './wait.ts';

export type FleetEvent = { type: string; detail: { eventId: string; at: string } & Record<string, unknown> };

/** SQS as a test can wait for it: what a killed worker had comes back after seconds, and is never given up. */
export const QUICK_QUEUES = { visibilityTimeoutSeconds: 5, maxReceiveCount: 1000 };

/** Polls the delivery queue for the fleet's processes of `worker`. */
export const pumpQueue = (fleet: Fleet, options: Partial<QueuePumpOptions> = {}): QueuePump =>
  startQueuePump({ sqs: fleet.sqs, workers: fleet.workers['worker'] ?? [], ...options });

/** Polls the table's stream for the fleet's processes of `publisher`, from its oldest record on. */
export const pumpStream = (fleet: Fleet, options: Partial<StreamPumpOptions> = {}): StreamPump =>
  startStreamPump({ aws: fleet.aws, workers: fleet.workers['publisher'] ?? [], ...options });

/** A delivery of the queue, straight into a worker. */
export const workOn = (fleet: Fleet, messageId: string, nth = 0): Promise<unknown> =>
  deliverTo(processOf(fleet, 'worker', nth), messageId);

export const deliverTo = (worker: Worker, messageId: string): Promise<unknown> =>
  worker.invoke({ Records: [{ messageId: randomUUID(), body: JSON.stringify({ messageId }) }] });

/** Is it parked, with a record in the queue that lets a worker send it? */
export const isReleased = async (fleet: Fleet, messageId: string): Promise<boolean> => {
  const bodies = await fleet.sqs.bodies();
  const { status } = (await fleet.message(messageId)).json;
  return status === 'parked' && bodies.includes(JSON.stringify({ messageId }));
};

/** What the bus has taken, in its order; with `messageId` only what is told of that message. */
export const eventsOf = async (fleet: Fleet, messageId?: string): Promise<FleetEvent[]> => {
  const kept = await fleet.aws.events();
  const events = kept.map(({ detailType, detail }) => ({ type: detailType, detail }) as FleetEvent);
  return messageId === undefined ? events : events.filter(({ detail }) => detail['messageId'] === messageId);
};

/** The first of each eventId: what a consumer that dedupes sees. */
export const firsts = (events: FleetEvent[]): FleetEvent[] => {
  const seen = new Set<string>();
  return events.filter(({ detail: { eventId } }) => !seen.has(eventId) && seen.add(eventId));
};

/** Until the API shows the message like that. */
export const whenStatus = (fleet: Fleet, messageId: string, status: string, withinMs?: number) =>
  until(
    `${messageId} to be ${status}`,
    async () => (await fleet.message(messageId)).json.status === status || undefined,
    withinMs,
  );

/** A scan of all of the table for each tick would leave the stand-in no time for anything else. */
const SCAN_EVERY_MS = 1_000;

/** The schedule, as often as `everyMs`; whoever sweeps may be killed, and another takes its place. */
export const sweepOnAndOn = (sweepers: Worker[], everyMs: number): { stop: () => Promise<void> } => {
  let over = false;
  let scanAt = performance.now();
  const sweepBy = (sweeper: Worker): Promise<unknown> => {
    if (performance.now() < scanAt) return sweeper.invoke({});
    scanAt = performance.now() + SCAN_EVERY_MS;
    return sweep(sweeper);
  };
  const tick = async (): Promise<void> => {
    for (let n = 0; !over; n += 1) {
      const sweeper = sweepers[n % sweepers.length];
      if (sweeper) await sweepBy(sweeper).catch(() => undefined);
      await sleep(everyMs);
    }
  };
  const ticking = tick();
  return {
    stop: () => {
      over = true;
      return ticking;
    },
  };
};

/** The items in which a number stands: as digits, with plus, blanks, dashes or brackets, or in base64 as in a waId. */
export const tracesOf = async (fleet: Fleet, number: string): Promise<string[]> => {
  const items = await fleet.table.items();
  return items
    .filter((item) => {
      const text = JSON.stringify(item);
      const bare = text.replace(/[\s()+.\-\u2010-\u2015]/gu, '');
      return bare.includes(number) || foundIn(text, [number]).length > 0;
    })
    .map(({ pk }) => pk.replace(number, '<number>'));
};
