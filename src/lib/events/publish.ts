import { mapEnded } from '../platform/all-ended.ts';
import type { Telemetry } from '../platform/ports.ts';
import { type Changed, eventsFor, type OutboundEvent, orderKeyOf } from './events-of-change.ts';
import { factsOf } from './metrics.ts';
import type { EventBus } from './ports.ts';

/*
 * Publishes changes of the table as events, in rounds with one event per order key. The calls of a round, of ten events
 * each, run side by side. If the bus refuses an event, no later event of the same key overtakes it.
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
const PER_CALL = 10;
/** A batch of 100 changes is one round. */
const CALLS_AT_ONCE = 10;

export function makePublish({ bus, telemetry }: PublishDeps) {
  /** Publishes the events of all changes. Returns the index of the first change to repeat, or undefined. */
  return async function publish(changes: readonly Change[]): Promise<number | undefined> {
    let pending: Pending[] = changes.flatMap(({ index, changed }) =>
      eventsFor(changed).map((event) => ({ index, key: orderKeyOf(changed), event })),
    );
    const refused: Pending[] = [];
    const facts = new Map<string, number>();
    while (pending.length > 0) {
      const round = firstOfEach(pending);
      const calls = await mapEnded(inCalls(round), put, { concurrency: CALLS_AT_ONCE });
      for (const fact of calls.flatMap(({ taken }) => taken).flatMap(({ event }) => factsOf(event))) {
        facts.set(fact, (facts.get(fact) ?? 0) + 1);
      }
      refused.push(...calls.flatMap((call) => call.refused));
      const gone = new Set(round);
      const held = new Set(refused.map(({ key }) => key));
      pending = pending.filter((one) => !gone.has(one) && !held.has(one.key));
    }
    telemetry.counts(facts);
    return refused.length === 0 ? undefined : Math.min(...refused.map(({ index }) => index));
  };

  async function put(call: readonly Pending[]) {
    const accepted = await bus.put(call.map(({ event }) => event)).catch((fault) => {
      telemetry.error('events.refused', fault, { events: call.length });
      return call.map(() => false);
    });
    return { taken: call.filter((_, n) => accepted[n]), refused: call.filter((_, n) => !accepted[n]) };
  }
}

function firstOfEach(pending: readonly Pending[]): Pending[] {
  const firsts = new Map<string, Pending>();
  for (const one of pending) if (!firsts.has(one.key)) firsts.set(one.key, one);
  return [...firsts.values()];
}

function inCalls(round: readonly Pending[]): Pending[][] {
  const count = Math.ceil(round.length / PER_CALL);
  return Array.from({ length: count }, (_, n) => round.slice(n * PER_CALL, (n + 1) * PER_CALL));
}
