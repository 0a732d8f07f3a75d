/**
 * The status of a message. Before anything has left: `queued` for the worker, `parked` until the customer
 * writes, or `expired`. `sending`: an invocation holds the lease. `unknown`: the request may have left, and
 * nothing proves what became of it. The rest are WhatsApp's statuses.
 */
export type Status = 'queued' | 'parked' | 'expired' | 'sending' | 'unknown' | ReportedStatus;

/**
 * The statuses that a callback reports, in status order: sent < failed < delivered < read. The higher one
 * wins in whatever order callbacks arrive; a callback never moves a message down.
 */
export type ReportedStatus = (typeof REPORTED_STATUSES)[number];

export const REPORTED_STATUSES = ['sent', 'failed', 'delivered', 'read'] as const;

/** Has WhatsApp or LipaChat proved what became of the message? */
export function isProven(status: Status): status is ReportedStatus {
  return status === 'sent' || status === 'failed' || status === 'delivered' || status === 'read';
}
