import { entriesIn } from '../lipachat/callback-entries.ts';
import { readCallbacks } from '../lipachat/parse-callbacks.ts';
import type { Telemetry } from '../platform/ports.ts';
import type { WebhookAuth } from './auth/webhook-auth.ts';
import type { HandleCallbacks } from './handle-callbacks.ts';
import type { CallbackStore } from './ports.ts';
import type { ReceivedCallback } from './received-callback.ts';

export interface ProcessReceivedDeps {
  readonly auth: WebhookAuth;
  readonly handleCallbacks: HandleCallbacks;
  readonly callbacks: Pick<CallbackStore, 'dropRaw'>;
  readonly telemetry: Telemetry;
}

/**
 * Handles a received callback, in the worker: judge it if it was stored unchecked, then handle its entries. Safe
 * to repeat. A fault is thrown, and the queue delivers the callback again.
 */
export function makeProcessReceived(deps: ProcessReceivedDeps) {
  const { auth, handleCallbacks, callbacks, telemetry } = deps;

  return async function processReceived(received: ReceivedCallback): Promise<void> {
    const { bytes, unchecked, correlationId, receivedAt, replayOf } = received;
    if (unchecked && !(await auth.confirms(unchecked, bytes, receivedAt))) {
      telemetry.count('callback.forged');
      telemetry.warn('callback.forged', { correlationId, bytes: bytes.length });
      return;
    }
    const text = bytes.toString('utf8').replace(/^\ufeff/, '');
    const body: unknown = JSON.parse(text);
    const entries = readCallbacks(body, text);
    const sourceOf = makeSourceOf(body, entries.length);
    const { kept } = await handleCallbacks(entries, { correlationId, receivedAt, sourceOf });
    if (replayOf === undefined) return;
    if (kept === 0) await callbacks.dropRaw(replayOf);
    telemetry.info('callback.replayed', { correlationId, understood: kept === 0 });
  };
}

/** The JSON of one entry by its place; undefined if it is nested too deep. The entries are found once, for all poison. */
function makeSourceOf(body: unknown, count: number): (place: number) => string | undefined {
  let all: ReturnType<typeof entriesIn> | undefined;
  return (place) => {
    try {
      all ??= entriesIn(body);
      const entry = all.length === count ? all[place] : undefined;
      return JSON.stringify(entry ? entry.body : body);
    } catch (fault) {
      if (fault instanceof RangeError) return undefined;
      throw fault;
    }
  };
}

const SOON_S = 2;
const SOON_TRIES = 45;
/** SQS's longest delay, as for deliveries. */
const LONGEST_S = 900;

/**
 * The pause before a failed callback is tried again, in seconds, by how often it was tried: soon for 90 seconds,
 * because most faults pass quickly; then at growing intervals.
 */
export function pauseAfter(tries: number): number {
  return Math.min(LONGEST_S, SOON_S * 2 ** Math.max(0, tries - SOON_TRIES));
}
