import { readCallbacks } from '../lipachat/parse-callbacks.ts';
import type { Telemetry } from '../platform/ports.ts';
import type { HandleCallbacks } from './handle-callbacks.ts';
import type { ReceivedCallback } from './received-callback.ts';
import type { WebhookAuth } from './webhook-auth.ts';

export interface ProcessReceivedDeps {
  readonly auth: WebhookAuth;
  readonly handleCallbacks: HandleCallbacks;
  readonly telemetry: Telemetry;
}

/**
 * Handles a received callback, in the worker: judge it if it was stored unchecked, then handle its entries. Safe
 * to repeat. A fault is thrown, and the queue delivers the callback again.
 */
export function makeProcessReceived({ auth, handleCallbacks, telemetry }: ProcessReceivedDeps) {
  return async function processReceived(received: ReceivedCallback): Promise<void> {
    const { bytes, unchecked, correlationId, receivedAt } = received;
    if (unchecked && !(await auth.confirms(unchecked, bytes))) {
      telemetry.count('callback.forged');
      telemetry.warn('callback.forged', { correlationId, bytes: bytes.length });
      return;
    }
    const text = bytes.toString('utf8').replace(/^\ufeff/, '');
    await handleCallbacks(readCallbacks(JSON.parse(text), text), { correlationId, receivedAt });
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
