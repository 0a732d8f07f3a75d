import { entriesIn } from '../lipachat/callback-entries.ts';
import type { Clock, Telemetry } from '../platform/ports.ts';
import type { CallbackQueue } from './ports.ts';
import { secretHashOf } from './received-callback.ts';
import type { WebhookAuth } from './webhook-auth.ts';

/*
 * Receives a callback in this order:
 *
 * 1. Check the secret and the signature. If the parameter store can't say, the worker checks them later.
 * 2. Parse the JSON, to refuse what is none and to count the entries.
 * 3. Store the body as it came, with one call.
 *
 * Nothing is known of LipaChat's retries, so a callback is stored or refused: it is never lost after a 200.
 */

export interface ReceiveDeps {
  readonly auth: WebhookAuth;
  readonly callbackQueue: CallbackQueue;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

export interface Arrival {
  readonly secret: string | undefined;
  readonly signature: string | undefined;
  readonly correlationId: string;
  /** Throws `payload-too-large`. */
  readonly bytes: () => Buffer;
  /** Throws `invalid-request`. */
  readonly json: (bytes: Buffer) => unknown;
}

export function makeReceive({ auth, callbackQueue, clock, telemetry }: ReceiveDeps) {
  /** The number of entries, or undefined if the secret or the signature is wrong. */
  return async function receive(arrival: Arrival): Promise<number | undefined> {
    const { secret = '', signature, correlationId } = arrival;
    const receivedAt = clock.now();
    const known = await auth.checkSecret(secret);
    if (known === 'wrong') return undefined;
    const bytes = arrival.bytes();
    const signed = await auth.checkSignature(signature, bytes);
    if (signed === 'wrong') return undefined;
    const count = entriesIn(arrival.json(bytes)).length;
    const isChecked = known === 'right' && signed === 'right';
    if (!isChecked) telemetry.count('callback.unchecked');
    const presented = { secretHash: secretHashOf(secret), signature };
    await callbackQueue.put({
      receivedAt,
      correlationId,
      bytes,
      ...(isChecked ? {} : { unchecked: presented }),
    });
    return count;
  };
}
