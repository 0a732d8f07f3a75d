import { entriesIn } from '../lipachat/callback-entries.ts';
import { AppError, invalidRequest } from '../platform/errors.ts';
import type { Clock, Telemetry } from '../platform/ports.ts';
import type { WebhookAuth } from './auth/webhook-auth.ts';
import type { CallbackQueue } from './ports.ts';
import { type Signatures, secretHashOf } from './received-callback.ts';

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
  readonly signatures: Signatures;
  readonly correlationId: string;
  /** Throws `payload-too-large`. */
  readonly bytes: () => Buffer;
  /** Throws `invalid-request`. */
  readonly json: (bytes: Buffer) => unknown;
}

export function makeReceive({ auth, callbackQueue, clock, telemetry }: ReceiveDeps) {
  /** The number of entries, or undefined if the secret or the signature is wrong. */
  return async function receive(arrival: Arrival): Promise<number | undefined> {
    const { secret = '', signatures, correlationId } = arrival;
    const receivedAt = clock.now();
    const known = await auth.checkSecret(secret);
    if (known === 'wrong') return undefined;
    const bytes = arrival.bytes();
    const signed = await auth.checkSignature(signatures, bytes, receivedAt);
    if (signed === 'wrong') return undefined;
    const count = countEntries(arrival.json(bytes));
    const isChecked = known === 'right' && signed === 'right';
    if (!isChecked) telemetry.count('callback.unchecked');
    const presented = { secretHash: secretHashOf(secret), ...signatures };
    await callbackQueue.put({
      receivedAt,
      correlationId,
      bytes,
      ...(isChecked ? {} : { unchecked: presented }),
    });
    return count;
  };
}

/** A body nested too deep to be read is one entry: it is stored like any other, and kept raw. */
function countEntries(body: unknown): number {
  try {
    return entriesIn(body).length;
  } catch (fault) {
    if (fault instanceof RangeError) return 1;
    throw fault;
  }
}

/** Longer than any challenge of Meta's: those are numbers. */
const CHALLENGE_LIMIT = 1024;

/** What a GET of the webhook asks (`hub.mode`, `hub.challenge`). A verify token is not needed: the path has a secret. */
export type Registration = Readonly<Record<string, string | undefined>>;

export function makeVerify({ auth }: Pick<ReceiveDeps, 'auth'>) {
  /**
   * The challenge, empty if there is none; undefined if the secret is wrong. Nothing is signed here: a registration
   * carries no signature. Throws `store-unavailable` if the secret can't be checked, and `invalid-request`.
   */
  return async function verify(secret: string, asked: Registration): Promise<string | undefined> {
    const known = await auth.checkSecret(secret);
    if (known === 'wrong') return undefined;
    if (known === 'unreadable')
      throw new AppError(
        'store-unavailable',
        'The webhook secret could not be read. Repeat the request in a few seconds.',
        { retryAfter: 2 },
      );
    const { 'hub.mode': mode = 'subscribe', 'hub.challenge': challenge = '' } = asked;
    if (challenge.length > CHALLENGE_LIMIT)
      throw invalidRequest([
        { path: 'hub.challenge', message: `must have at most ${CHALLENGE_LIMIT} characters` },
      ]);
    return mode === 'subscribe' ? challenge : '';
  };
}
