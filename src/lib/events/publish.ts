import type { Telemetry } from '../platform/ports.ts';
import { type Changed, eventsFor, type OutboundEvent, orderKeyOf } from './events-of-change.ts';
import { factsOf } from './metrics.ts';
import type { EventBus } from './ports.ts';

/*
 * Publishes changes of the table as events, in waves of at most ten with one event per order key. If the bus
 * refuses an event, no later event of the same key overtakes it.
 */

export interface PublishDeps {
  readonly bus: EventBus;
  readonly telemetry: Telemetry;
}

/** A change and the position of its record in the batch. */
export interface Change {
  readonly index: number;
  readonly changed: Changed;
}

interface Pending {
  readonly index: number;
  readonly key: string;
  readonly event: OutboundEvent;
}

/** EventBridge's limit of entries per call. */
const WAVE = 10;

export function makePublish({ bus, telemetry }: PublishDeps) {
  /** Publishes the events of all changes. Returns the index of the first change to repeat, or undefined. */
  return async function publish(changes: readonly Change[]): Promise<number | undefined> {
    let pending: Pending[] = changes.flatMap(({ index, changed }) =>
      eventsFor(changed).map((event) => ({ index, key: orderKeyOf(changed), event })),
    );
    const stuck: Pending[] = [];
    const facts = new Map<string, number>();
    while (pending.length > 0) {
      const wave = firstOfEach(pending);
      const taken = await bus.put(wave.map(({ event }) => event)).catch((fault) => {
        telemetry.error('events.refused', fault, { events: wave.length });
        return wave.map(() => false);
      });
      const failed = wave.filter((_, n) => !taken[n]);
      for (const fact of wave.filter((_, n) => taken[n]).flatMap(({ event }) => factsOf(event))) {
        facts.set(fact, (facts.get(fact) ?? 0) + 1);
      }
      stuck.push(...failed);
      const held = new Set(stuck.map(({ key }) => key));
      pending = pending.filter((one) => !wave.includes(one) && !held.has(one.key));
    }
    telemetry.counts(facts);
    return stuck.length === 0 ? undefined : Math.min(...stuck.map(({ index }) => index));
  };
}

function firstOfEach(pending: readonly Pending[]): Pending[] {
  const firsts = new Map<string, Pending>();
  for (const one of pending) if (!firsts.has(one.key)) firsts.set(one.key, one);
  return [...firsts.values()].slice(0, WAVE);
}
