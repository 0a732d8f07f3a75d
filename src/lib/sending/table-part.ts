import type { TablePart } from '../messages/ports.ts';
import { invalidRequest } from '../platform/errors.ts';

/** Parts of the table that the sweeper scans in a day, one a minute. */
const PARTS = 1_440;
/** Scans side by side: a page of 1 MB has some 1,200 messages, and one scan reads some 30 pages a second. */
export const SCANS = 4;
/** DynamoDB's limit is a million. */
const MOST_PARTS = 1_000_000 / SCANS;

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

/** The pieces of a part that are scanned side by side. */
export function cutPart({ segment, of }: TablePart): TablePart[] {
  return Array.from({ length: SCANS }, (_, n) => ({ segment: segment * SCANS + n, of: of * SCANS }));
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}
