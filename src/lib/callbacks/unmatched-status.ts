import type { StatusReport } from '../messages/status-report.ts';

/**
 * A status that matches no stored message: the answer of its send isn't stored yet, or another system sent it. It waits
 * in the callback queue between lookups.
 */
export interface UnmatchedStatus {
  /** A hash in place of WhatsApp's id, which contains the customer's number (`waKeyOf`). */
  readonly waKey: string;
  readonly report: Omit<StatusReport, 'waId' | 'gatewayMessageId'>;
  /** How many lookups failed since the callback. */
  readonly lookups: number;
}

/**
 * The answer is stored within a minute or two. Past the resend horizon, 900 s, it will never be stored. A pause is shorter
 * than the age at which the alarm of the callback queue rises (infra/alarms.cjs), because delays count towards it.
 */
export const PAUSES_S = [20, 100, 240, 240, 240, 240] as const;

/** The pause before the next lookup, in seconds; undefined after the last one. */
export function pauseBeforeLookup({ lookups }: UnmatchedStatus): number | undefined {
  return PAUSES_S[lookups];
}
