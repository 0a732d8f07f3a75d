import { ERROR_CLASS_FACTS, ERROR_CODE_FACTS, type ErrorClass, type Schedule } from './error-code-facts.ts';

/*
 * WhatsApp's error codes by what a sender does about them. A code may come in the response, in a status callback, or in
 * both. Only the code is evaluated, never its title; `error-code-facts.ts` has the list.
 */

export type { ErrorClass } from './error-code-facts.ts';

export const ERROR_CLASSES = Object.keys(ERROR_CLASS_FACTS) as ErrorClass[];

/** The error class of a code; undefined for an unlisted code. */
export function classOf(code: number): ErrorClass | undefined {
  return ERROR_CODE_FACTS.find((fact) => covers(fact.code, code))?.class;
}

/** What a listed code means, and what to tell a person about it; undefined for an unlisted code. */
export function explanationOf(code: number): { readonly means: string; readonly tell: string } | undefined {
  const fact = ERROR_CODE_FACTS.find((one) => covers(one.code, code));
  return fact && { means: fact.means, tell: fact.tell ?? ERROR_CLASS_FACTS[fact.class].tell };
}

function covers(listed: (typeof ERROR_CODE_FACTS)[number]['code'], code: number): boolean {
  if (typeof listed === 'number') return listed === code;
  return Number.isInteger(code) && listed.from <= code && code <= listed.to;
}

/** When to try again after a code of this class; undefined if that does not help. */
export function scheduleOf(errorClass: ErrorClass): Schedule | undefined {
  return ERROR_CLASS_FACTS[errorClass].schedule;
}

/** Classes that are not the fault of one message: a sender of many such messages slows down or pauses. */
const THROTTLE_REASONS: readonly (ErrorClass | undefined)[] = [
  'stop-number',
  'content-held',
  'content-blocked',
  'wait',
];

export function isThrottleReason(errorClass: ErrorClass | undefined): boolean {
  return THROTTLE_REASONS.includes(errorClass);
}

const PAIR_PAUSE_CAP_S = 256;

/** Seconds to leave a pair alone after its `tries`-th refusal in a row: 4^tries, capped at 256. */
export function pairPauseSeconds(tries: number): number {
  return Math.min(PAIR_PAUSE_CAP_S, 4 ** Math.max(1, tries));
}
