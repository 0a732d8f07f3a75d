import type { ReportedStatus } from '../../messages/status.ts';
import { bareName, pick, recordIn, wordIn } from './fields.ts';

/** The word of a status. A word of failure that is not listed is `failed` too; any other word is not understood. */
export const STATUS_WORDS = {
  sent: 'sent',
  delivered: 'delivered',
  read: 'read',
  failed: 'failed',
  played: 'read',
  seen: 'read',
  viewed: 'read',
  accepted: 'notice',
  queued: 'notice',
  pending: 'notice',
  submitted: 'notice',
  scheduled: 'notice',
  processing: 'notice',
  sending: 'notice',
  held_for_quality_assessment: 'notice',
  paused: 'notice',
  deleted: 'notice',
  warning: 'notice',
} as const satisfies Record<string, ReportedStatus | 'notice'>;

const bareStatuses = new Map<string, ReportedStatus | 'notice'>(
  Object.entries(STATUS_WORDS).map(([word, status]) => [bareName(word), status]),
);

const FAILURE_WORD =
  /\b(?:fail|error|reject|undeliver|unreach|invalid|expire|cancel|block|den|bounce|drop|unable|cannot|not ?(?:deliver|sent|send))/;

/** Does a status word say that the message does not arrive? One list for responses and callbacks. */
export function isFailureWord(word: string): boolean {
  const words = word.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/[_-]+/g, ' ');
  return FAILURE_WORD.test(words.toLowerCase());
}

/** What a status word reports; undefined if it is not understood. */
export function statusIn(given: unknown): ReportedStatus | 'notice' | undefined {
  const list = Array.isArray(given) && given.length === 1 ? given[0] : given;
  const value = pick(recordIn(list), 'value', 'name', 'status') ?? list;
  const word = wordIn(value);
  if (word === undefined) return undefined;
  return bareStatuses.get(bareName(word)) ?? (isFailureWord(String(value)) ? 'failed' : undefined);
}
