import type { Telemetry } from '../platform/ports.ts';
import { type Changed, eventsFor, type OutboundEvent, orderKeyOf } from './event.ts';
import { factsOf } from './metrics.ts';
import type { EventBus } from './ports.ts';

/*
 * Changes of the table become events. They go out in waves of at most ten, with one event a message in each:
 * should the bus refuse one of a message's events, none of its later ones goes ahead of it.
 */

export interface PublishDeps {
  readonly bus: EventBus;
  readonly telemetry: Telemetry;
}

/** A change with the place that it has in its batch. */
export interface Change {
  readonly index: number;
  readonly changed: Changed;
}

interface Pending {
  readonly index: number;
  readonly key: string;
  readonly event: OutboundEvent;
}

/** EventBridge takes ten entries a call. */
const WAVE = 10;

export function makePublish({ bus, telemetry }: PublishDeps) {
  /** Publishes all; gives back the place of the first change that has to come again, if there is one. */
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
      telemetry.count('events.published', wave.length - failed.length);
      stuck.push(...failed);
      const held = new Set(stuck.map(({ key }) => key));
      pending = pending.filter((one) => !wave.includes(one) && !held.has(one.key));
    }
    for (const [fact, n] of facts) telemetry.count(fact, n);
    return stuck.length === 0 ? undefined : Math.min(...stuck.map(({ index }) => index));
  };
}

function firstOfEach(pending: readonly Pending[]): Pending[] {
  const firsts = new Map<string, Pending>();
  for (const one of pending) if (!firsts.has(one.key)) firsts.set(one.key, one);
  return [...firsts.values()].slice(0, WAVE);
}
