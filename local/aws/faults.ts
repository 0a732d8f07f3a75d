/** Decides which call gets which fault, and counts calls. Independent of HTTP and AWS. */
import * as z from 'zod';
import { createRandom } from '../random.ts';

/**
 * A fault for calls of one kind.
 * `target`: an operation's name or `*`. `match`: a substring of the request's body.
 * `nth`: starts with the nth matching call from now (default 1).
 * `times`: for how many calls, null for all until DELETE (default 1, with `probability` null).
 * `probability`: hits each of those calls at random, repeatably for the same `seed` (default 1).
 * `ms`, only for `delay`: how long the call waits before it is applied.
 * `fail-entries`, only for PutEvents, hits entries, not calls: `probability` applies to each entry, `every: n`
 * fails each nth entry, counted over all calls. The rest of the call is applied.
 */
const fields = z.strictObject({
  target: z.string().min(1),
  fault: z.enum([
    ...(['apply-then-reset', 'reset', 'throttle', 'unavailable', 'denied'] as const),
    ...(['delay', 'hang', 'fail-entries'] as const),
  ]),
  nth: z.int().min(1).default(1),
  times: z.int().min(1).nullable().optional(),
  probability: z.number().min(0).max(1).optional(),
  seed: z.int().default(1),
  match: z.string().optional(),
  ms: z.int().min(0).default(0),
  every: z.int().min(1).optional(),
});

export const faultSchema = fields
  .refine(({ target, fault }) => fault !== 'fail-entries' || target === 'PutEvents', {
    error: 'fail-entries is only for PutEvents',
  })
  .refine(({ every, fault }) => every === undefined || fault === 'fail-entries', {
    error: 'every is only for fail-entries',
  });

export type FaultSpec = z.input<typeof faultSchema>;
type Fault = z.output<typeof faultSchema>;
/** A fault that hits a call. For `fail-entries`, call `failsEntry` once per entry. */
export type Strike = Fault & { failsEntry: () => boolean };
export type Faults = {
  add: (fault: Fault) => void;
  clear: () => void;
  /** Records the call and returns the fault that hits it, if any. */
  meet: (target: string, body: string) => Strike | undefined;
  /** The number of calls per target since the last `forget`, counting only bodies that contain `match`. */
  counts: (match?: string) => Record<string, number>;
  forget: () => void;
};

// `npm start` may run for days, so only as many bodies are kept as a test needs.
const BODIES_KEPT = 50_000;

const timesOf = ({ times, probability, every }: Fault): number | null => {
  if (times !== undefined) return times;
  return probability === undefined && every === undefined ? 1 : null;
};

/** Decides entry by entry, over all calls that the fault hits. */
const createEntryTrigger = ({ seed, probability = 1, every = 1 }: Fault) => {
  const random = createRandom(seed);
  let entries = 0;
  return (): boolean => {
    entries += 1;
    return entries % every === 0 && (probability >= 1 || random() < probability);
  };
};

/** Decides call by call whether a fault hits. */
const createTrigger = (fault: Fault) => {
  const random = createRandom(fault.seed);
  const chance = fault.fault === 'fail-entries' ? 1 : (fault.probability ?? 1);
  const times = timesOf(fault);
  let seen = 0;
  let struck = 0;
  const concerns = (target: string, body: string): boolean =>
    (fault.target === '*' || fault.target === target) && (!fault.match || body.includes(fault.match));
  return (target: string, body: string): boolean => {
    if (!concerns(target, body)) return false;
    seen += 1;
    if (seen < fault.nth || (times !== null && struck >= times)) return false;
    if (chance < 1 && random() >= chance) return false;
    struck += 1;
    return true;
  };
};

const tally = (targets: string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const target of targets) counts[target] = (counts[target] ?? 0) + 1;
  return counts;
};

/** Starts without faults and calls. */
export const createFaults = (): Faults => {
  let triggers: { strike: Strike; strikes: (target: string, body: string) => boolean }[] = [];
  let calls: { target: string; body: string }[] = [];
  return {
    add: (fault) => {
      const strike = { ...fault, failsEntry: createEntryTrigger(fault) };
      triggers.push({ strike, strikes: createTrigger(fault) });
    },
    clear: () => {
      triggers = [];
    },
    meet: (target, body) => {
      calls.push({ target, body });
      if (calls.length > 2 * BODIES_KEPT) calls = calls.slice(-BODIES_KEPT);
      // Every fault counts the call, even if an earlier one hits it, so `nth` stays exact.
      const striking = triggers.filter(({ strikes }) => strikes(target, body));
      return striking[0]?.strike;
    },
    counts: (match = '') =>
      tally(calls.filter(({ body }) => body.includes(match)).map(({ target }) => target)),
    forget: () => {
      calls = [];
    },
  };
};
