import { createHash } from 'node:crypto';

/**
 * A client's `MessageGroupId`. On a standard queue it orders nothing: SQS takes a busy client's messages after those of
 * the others. SQS takes 128 characters of A-Z a-z 0-9 and punctuation.
 */
export function groupOf(clientId: string): string {
  return createHash('sha256').update(`client:${clientId}`).digest('hex');
}
