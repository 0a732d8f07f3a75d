/** Which call meets which fault, and which calls there were. Knows nothing of HTTP or of AWS. */
import * as z from 'zod';
import { createRandom } from './random.ts';

/**
 * A fault for calls of one kind.
 * `target` an operation's name or `*`; `match` a substring of the request's body;
 * `nth` starts with the nth matching call from now (default 1);
 * `times` how many calls from there on, null for all until DELETE (default: 1, with `probability`: null);
 * `probability` hits each of those calls by chance, the same chances for the same `seed` (default 1);
 * `ms` only for `delay`: how long the call waits before it is applied;
 * `fail-entries`, of PutEvents only, strikes entries and not calls: `probability` is that of an entry, `every: n`
 * fails each nth entry, counted over all calls; the rest of the call is applied.
 */
const fields = z.strictObject({
  target: z.string().min(1),
  fault: z.enum(['apply-then-reset', 'reset', 'throttle', 'unavailable', 'delay', 'hang', 'fail-entries']),
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
    error: 'fail-entries is a fault of PutEvents',
  })
  .refine(({ every, fault }) => every === undefined || fault === 'fail-entries', {
    error: 'every is for fail-entries',
  });

export type FaultSpec = z.input<typeof faultSchema>;
type Fault = z.output<typeof faultSchema>;
/** A fault that strikes. Of `fail-entries` it says, asked once for each entry, which ones fail. */
export type Strike = Fault & { failsEntry: () => boolean };
export type Faults = {
  add: (fault: Fault) => void;
  clear: () => void;
  /** Notes the call and says which fault it meets, if any. */
  meet: (target: string, body: string) => Strike | undefined;
  /** How many calls of each target since the last `forget`, of those whose body contains `match`. */
  counts: (match?: string) => Record<string, number>;
  forget: () => void;
};

// `npm start` may run for days: bodies are kept for matching only as far back as a test looks.
const BODIES_KEPT = 50_000;

const timesOf = ({ times, probability, every }: Fault): number | null => {
  if (times !== undefined) return times;
  return probability === undefined && every === undefined ? 1 : null;
};

/** Decides entry by entry, over all calls that the fault strikes. */
const createEntryTrigger = ({ seed, probability = 1, every = 1 }: Fault) => {
  const random = createRandom(seed);
  let entries = 0;
  return (): boolean => {
    entries += 1;
    return entries % every === 0 && (probability >= 1 || random() < probability);
  };
};

/** Decides call by call whether one fault strikes. */
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

/** No faults, no calls yet. */
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
      // Every fault counts the call, also when an earlier one strikes: `nth` stays what it says.
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
