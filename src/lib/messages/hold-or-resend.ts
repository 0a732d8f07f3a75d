/*
 * The one decision whether a flow or a template message may be sent again without a person. With `hold` it
 * never may: a callback that reports a failure can be wrong, as can an error code that says nothing.
 *
 * After which code, how long and how often to try again: `whatsapp/error-codes.ts`. The pauses: `backoff.ts`.
 */

export interface ResendPolicy {
  readonly mode: 'resend' | 'hold';
  /** How long a repeat counts as safe. LipaChat does not document how long it remembers an id. */
  readonly resendHorizonSeconds: number;
}

/** May a send with an unknown outcome be repeated under the same id? `leftAt`: when it may first have left. */
export function mayRepeat(
  leftAt: Date,
  { now, ambiguity }: { readonly now: Date; readonly ambiguity: ResendPolicy },
): boolean {
  return ambiguity.mode === 'resend' && isWithinHorizon(leftAt, { now, ambiguity });
}

/** May a send that WhatsApp failed be replaced by another one under a new id? */
export function mayReplace({ mode }: Pick<ResendPolicy, 'mode'>): boolean {
  return mode === 'resend';
}

export function isWithinHorizon(
  leftAt: Date,
  { now, ambiguity }: { readonly now: Date; readonly ambiguity: ResendPolicy },
): boolean {
  return now.getTime() < leftAt.getTime() + ambiguity.resendHorizonSeconds * 1000;
}
