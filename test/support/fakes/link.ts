/** The connection between a caller and a fake. Latency, faults, lost acknowledgements and crashes happen here. */
import { AppError } from '../../../src/lib/platform/errors.ts';

/** Takes one call across. `apply` is what the store does, in one atomic step. */
export type Link = <R>(call: string, apply: () => R) => Promise<R>;

/** A connection without faults. */
export const straight: Link = async (_, apply) => {
  await Promise.resolve();
  return apply();
};

/**
 * `before`: fails, and nothing was applied. `after`: applied, and the acknowledgement is lost for good. `again`:
 * applied, the acknowledgement is lost, and the SDK's own retry meets what it has written. `slow`: applied, and its
 * response is overtaken by what happens `meanwhile`.
 */
export type LinkFault = 'before' | 'after' | 'again' | 'slow';

interface FailOptions {
  /** The first call to fail, counted from now on. */
  readonly nth?: number;
  readonly times?: number;
  /** Runs after the write was applied, and before its caller gets the result. */
  readonly meanwhile?: () => unknown;
}

export const storeDown = (): AppError =>
  new AppError('store-unavailable', 'The store did not answer.', { retryAfter: 2 });

/** A link that fails calls by their name and number. */
export function faultyLink() {
  const plans: { call: string; fault: LinkFault; from: number; until: number; meanwhile: () => unknown }[] =
    [];
  const counts = new Map<string, number>();
  const calls = (call: string): number => counts.get(call) ?? 0;

  const link: Link = async (call, apply) => {
    for (;;) {
      const n = calls(call) + 1;
      counts.set(call, n);
      const plan = plans.find((p) => p.call === call && n >= p.from && n < p.until);
      if (plan?.fault === 'before') throw storeDown();
      await Promise.resolve();
      const result = apply();
      if (plan === undefined) return result;
      await plan.meanwhile();
      if (plan.fault === 'after') throw storeDown();
      if (plan.fault === 'slow') return result;
    }
  };

  return {
    link,
    calls,
    /** No more faults. */
    restore: () => void plans.splice(0),
    fail(call: string, fault: LinkFault, options: FailOptions = {}): void {
      const { nth = 1, times = 1, meanwhile = () => undefined } = options;
      const from = calls(call) + nth;
      plans.push({ call, fault, from, until: from + times, meanwhile });
    },
  };
}
