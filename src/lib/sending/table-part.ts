import type { TablePart } from '../messages/ports.ts';
import { invalidRequest } from '../platform/errors.ts';

/** Parts of the table that the sweeper scans in a day, one a minute. */
const PARTS = 1_440;
/** DynamoDB's limit. */
const MOST_PARTS = 1_000_000;

/**
 * The part of the table that a tick scans: that of the minute, or the one that an operator names, such as
 * `{"segment":0,"of":1}` for all of it. Throws `invalid-request`.
 */
export function tablePartOf(event: unknown, now: Date): TablePart {
  const { segment, of } = (event ?? {}) as Partial<Record<'segment' | 'of', unknown>>;
  if (segment === undefined && of === undefined) {
    return { segment: now.getUTCHours() * 60 + now.getUTCMinutes(), of: PARTS };
  }
  if (isWhole(of, 1, MOST_PARTS) && isWhole(segment, 0, of - 1)) return { segment, of };
  throw invalidRequest([{ path: 'segment', message: 'must be a whole number from 0 to of - 1' }]);
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}
