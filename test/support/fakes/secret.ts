/** A parameter, as this process has cached it and as the parameter store has it now. */
import type { AppError } from '../../../src/lib/platform/errors.ts';
import type { Secret } from '../../../src/lib/platform/ports.ts';

export interface FakeSecret extends Secret {
  /** The parameter store has another value; the cache still has the old one. */
  rotate(value: string): void;
  /** Was never read, and can't be: every `get` throws. */
  breakWith(fault: AppError): void;
  /** How often a newer value was asked for. */
  readonly refreshes: number;
}

export function fakeSecret(value: string): FakeSecret {
  let cached = value;
  let current = value;
  let fault: AppError | undefined;
  const secret = {
    refreshes: 0,
    get: () => (fault ? Promise.reject(fault) : Promise.resolve(cached)),
    newerThan: () => {
      secret.refreshes += 1;
      cached = current;
      return Promise.resolve(cached);
    },
    rotate: (newer: string) => {
      current = newer;
    },
    breakWith: (given: AppError) => {
      fault = given;
    },
  };
  return secret;
}
