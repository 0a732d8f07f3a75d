import type { FlowRequest } from '../messages/message.ts';
import type { Outcome } from '../messages/outcome.ts';
import type { Clock, Random, Secret, Telemetry } from '../platform/ports.ts';
import type { ErrorClass } from '../whatsapp/error-codes.ts';
import type { ApiKeys, Gateway, GatewayCall, TemplateRequest } from './ports.ts';
import { nextStep, type Verdict, verdictOn } from './verdict.ts';

export interface LipaChatCallsDeps {
  readonly gateway: Gateway;
  readonly apiKeys: ApiKeys;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  /** Calls for one message, those with a refused apiKey aside. */
  readonly gatewayAttempts: number;
}

export interface CallTerms {
  /** The apiKey at hand. If LipaChat refuses it, a newer one is fetched. */
  readonly apiKey: string;
  /** No call lasts beyond this. */
  readonly deadlineAt: Date;
  readonly ambiguityMode: 'resend' | 'hold';
  /** A request of an earlier owner may have reached LipaChat. */
  readonly mayHaveLeft: boolean;
}

interface CallsResult {
  readonly verdict: Verdict;
  /** Calls made to LipaChat. */
  readonly calls: number;
}

export type LipaChatCalls = ReturnType<typeof makeLipaChatCalls>;

/** Calls LipaChat until the outcome settles the message, while a repeat is safe and time is left. */
export function makeLipaChatCalls(deps: LipaChatCallsDeps) {
  const { gateway, apiKeys, clock, random, telemetry } = deps;

  /**
   * 1. Call with the current apiKey.
   * 2. Decide the next step.
   * 3. Wait, or fetch a newer key.
   * 4. Turn the last outcome into a verdict, considering the calls before it.
   */
  async function untilSettled(
    callOnce: (call: GatewayCall) => Promise<Outcome>,
    apiKey: Secret,
    terms: CallTerms,
  ): Promise<CallsResult> {
    let { apiKey: key, mayHaveLeft } = terms;
    let calls = 0;
    let refusals = 0;
    for (;;) {
      const outcome = await measured(callOnce, { apiKey: key, timeoutMs: msUntil(terms.deadlineAt) });
      calls += 1;
      const step = nextStep(outcome, {
        calls: calls - refusals,
        maxCalls: deps.gatewayAttempts,
        msLeft: msUntil(terms.deadlineAt),
        random: random.fraction(),
        ambiguityMode: terms.ambiguityMode,
      });
      if (step.kind === 'retry') {
        mayHaveLeft ||= outcome.kind === 'ambiguous';
        await clock.sleep(step.delayMs);
        continue;
      }
      const newer = step.kind === 'refreshKey' && refusals === 0 ? await apiKey.newerThan(key) : key;
      if (newer === key) return { verdict: verdictOn(outcome, { ...terms, mayHaveLeft }), calls };
      key = newer;
      refusals += 1;
    }
  }

  async function measured(
    callOnce: (call: GatewayCall) => Promise<Outcome>,
    call: GatewayCall,
  ): Promise<Outcome> {
    const startedAt = clock.now().getTime();
    const outcome = await callOnce(call);
    telemetry.measure(`gateway.${outcome.kind}`, clock.now().getTime() - startedAt);
    if (outcome.kind === 'rejected' && !outcome.duplicate) countFailure(telemetry, outcome.errorClass);
    return outcome;
  }

  const msUntil = (at: Date) => at.getTime() - clock.now().getTime();

  return {
    /** `gatewayMessageId` is the id that LipaChat deduplicates on. */
    sendFlow: (request: FlowRequest, gatewayMessageId: string, terms: CallTerms) =>
      untilSettled(
        (call) => gateway.sendFlow(request, { ...call, gatewayMessageId }),
        apiKeys.of(request.from),
        terms,
      ),
    sendTemplate: (template: TemplateRequest, terms: CallTerms) =>
      untilSettled((call) => gateway.sendTemplate(template, call), apiKeys.of(template.pair.business), terms),
  };
}

/**
 * Counts a reported failure, from a response or a callback. A message that is sent again may count more than
 * once.
 */
export function countFailure(telemetry: Telemetry, errorClass: ErrorClass | undefined): void {
  telemetry.count(`failed.${errorClass ?? 'other'}`);
}
