import type { Outcome } from '../messages/outcome.ts';
import type { Clock, Random, Secret, Telemetry } from '../platform/ports.ts';
import type { ErrorClass } from '../whatsapp/error-codes.ts';
import type { GatewayCall } from './ports.ts';
import { nextStep, type Verdict, verdictOn } from './verdict.ts';

export interface CallDeps {
  readonly apiKey: Secret;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
}

export interface CallTerms {
  /** No call lasts beyond this. */
  readonly deadlineAt: Date;
  readonly maxCalls: number;
  readonly ambiguityMode: 'resend' | 'hold';
  /** A request of an earlier owner may have reached LipaChat. */
  readonly mayHaveLeft: boolean;
}

/**
 * Calls LipaChat until the outcome settles the message, while a repeat is safe and time is left.
 *
 * 1. Call with the current apiKey.
 * 2. Decide the next step.
 * 3. Wait, or fetch a newer key.
 * 4. Turn the last outcome into a verdict, considering the calls before it.
 *
 * Returns the verdict and the number of calls made.
 */
export async function callWithRetries(
  { apiKey, clock, random, telemetry }: CallDeps,
  callLipaChat: (call: GatewayCall) => Promise<Outcome>,
  terms: CallTerms,
): Promise<{ readonly verdict: Verdict; readonly calls: number }> {
  let key = await apiKey.get();
  let { mayHaveLeft } = terms;
  let calls = 0;
  let refusals = 0;
  for (;;) {
    const startedAt = clock.now().getTime();
    const timeoutMs = terms.deadlineAt.getTime() - startedAt;
    const outcome = await callLipaChat({ apiKey: key, timeoutMs });
    calls += 1;
    telemetry.measure(`gateway.${outcome.kind}`, clock.now().getTime() - startedAt);
    if (outcome.kind === 'rejected' && !outcome.duplicate) countFailure(telemetry, outcome.errorClass);
    const step = nextStep(outcome, {
      calls: calls - refusals,
      maxCalls: terms.maxCalls,
      msLeft: terms.deadlineAt.getTime() - clock.now().getTime(),
      random: random.fraction(),
      ambiguityMode: terms.ambiguityMode,
    });
    if (step.kind === 'retry') {
      mayHaveLeft ||= outcome.kind === 'ambiguous';
      await clock.sleep(step.delayMs);
      continue;
    }
    const newer = step.kind === 'refreshKey' && refusals === 0 ? await apiKey.newerThan(key) : key;
    if (newer === key) return { verdict: verdictOn(outcome, { mayHaveLeft }), calls };
    key = newer;
    refusals += 1;
  }
}

/**
 * Counts a reported failure, from a response or a callback. A message that is sent again may count more than
 * once.
 */
export function countFailure(telemetry: Telemetry, errorClass: ErrorClass | undefined): void {
  telemetry.count(`failed.${errorClass ?? 'other'}`);
}
