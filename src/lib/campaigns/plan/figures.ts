/** The frozen list of recipients, with counts and price. */
export interface Plan {
  readonly planId: string;
  /** The accepted recipients, one per line, in order. Absent after a dry run. */
  readonly parts?: readonly PlanPart[] | undefined;
  /** The objects with the rejected rows, one per line, in order. */
  readonly rejectedKeys?: readonly string[] | undefined;
  /** The ETag of the source, as it was read. */
  readonly sourceEtag: string;
  /** When the source was put. Absent in plans of version 0.1. */
  readonly sourceAt?: Date | undefined;
  readonly plannedAt: Date;
  readonly counts: PlanCounts;
  /** The first rejected rows; the objects of `rejectedKeys` have more. */
  readonly rejected: readonly RejectedRow[];
  /** How many rejected rows those objects have, from the first. A plan of version 0.1 has all of them, and no figure. */
  readonly rejectedKept?: number | undefined;
  readonly possibleDuplicates: PossibleDuplicates;
  readonly price: PriceEstimate;
}

/** An object with some of a plan's recipients. */
export interface PlanPart {
  readonly key: string;
  readonly etag: string;
  readonly bytes: number;
}

/** `total` counts the accepted recipients: the sum of the next four. Invalid and duplicate rows are not in it. */
interface PlanCounts {
  readonly total: number;
  /** The window is open: the flow is sent at once. */
  readonly sendNow: number;
  /** The window is shut: the flow is parked, after a template message if there is one. */
  readonly park: number;
  /** The window is shut, and `whenClosed` is `reject`. */
  readonly windowShut: number;
  readonly optedOut: number;
  readonly invalid: number;
  readonly duplicate: number;
}

export interface RejectedRow {
  readonly line: number;
  readonly kind: 'invalid' | 'duplicate';
  readonly reason: string;
}

/**
 * Accepted rows with a number that may be another spelling of an earlier row's (`whatsapp/twin-numbers.ts`). Both stay
 * recipients. `sample` has the first ones.
 */
interface PossibleDuplicates {
  readonly count: number;
  readonly sample: readonly TwinRow[];
}

export interface TwinRow {
  readonly line: number;
  readonly earlierLine: number;
}

interface PriceEstimate {
  readonly currency: string;
  readonly amount: number;
  readonly asOf: string;
  readonly notes: readonly string[];
}

/** The part with a byte of the plan, and the offset in it; undefined behind the last part. */
export function partAt(
  parts: readonly PlanPart[],
  offset: number,
): { readonly part: PlanPart; readonly offset: number } | undefined {
  let start = 0;
  for (const part of parts) {
    if (offset < start + part.bytes) return { part, offset: offset - start };
    start += part.bytes;
  }
  return undefined;
}

/** Why a plan without recipients can't be started, and the next step. */
export function emptyReason({
  counts: { invalid },
  rejected: [first],
}: Pick<Plan, 'counts' | 'rejected'>): string {
  const why =
    invalid === 0 || !first
      ? 'the file has no rows'
      : `all ${invalid} rows are invalid, the first in line ${first.line}: ${first.reason}`;
  return `there are no valid recipients: ${why}. Correct the recipients and plan again`;
}
