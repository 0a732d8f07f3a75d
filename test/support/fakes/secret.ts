/** A parameter, as this process has cached it and as the parameter store has it now. */
import type { AppError } from '../../../src/lib/platform/errors.ts';
import type { Clock, Secret } from '../../../src/lib/platform/ports.ts';
import { manualClock } from './clock.ts';
import { NOW } from './samples.ts';

export interface FakeSecret extends Secret {
  /** Changes the value in the parameter store; the cache keeps the old one. */
  rotate(value: string): void;
  /** Makes the parameter unreadable and never read: every `get` throws. */
  breakWith(fault: AppError): void;
  /** The number of requests for a newer value. */
  readonly refreshes: number;
}

/** As in the adapter: the store is read at most this often, however often a value is refused. */
const FORCED_REFRESH_MS = 30_000;

export function fakeSecret(value: string, clock: Clock = manualClock(NOW)): FakeSecret {
  let cached = value;
  let current = value;
  let fault: AppError | undefined;
  let forcedAt = Number.NEGATIVE_INFINITY;

  function newest(refused: string): string {
    const now = clock.now().getTime();
    if (cached !== refused || now - forcedAt < FORCED_REFRESH_MS) return cached;
    forcedAt = now;
    secret.refreshes += 1;
    cached = current;
    return cached;
  }

  const secret = {
    refreshes: 0,
    get: () => (fault ? Promise.reject(fault) : Promise.resolve(cached)),
    newerThan: (refused: string) => (fault ? Promise.reject(fault) : Promise.resolve(newest(refused))),
    rotate: (newer: string) => {
      current = newer.trim();
    },
    breakWith: (given: AppError) => {
      fault = given;
    },
  };
  return secret;
}
