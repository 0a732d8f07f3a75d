/**
 * Where a message stands. Before anything left: `queued` for the worker, or `parked` until the customer writes,
 * at worst `expired`. `sending` is ours while a lease is held; `unknown` means that the request may have left
 * and nothing proves what became of it; the rest is WhatsApp's ladder.
 */
export type Status = 'queued' | 'parked' | 'expired' | 'sending' | 'unknown' | ReportedStatus;

/**
 * What a status callback can report, in WhatsApp's order: sent < failed < delivered < read. The higher status wins,
 * whichever callback comes first; a callback never takes a message down.
 */
export type ReportedStatus = 'sent' | 'failed' | 'delivered' | 'read';

/** Has WhatsApp or LipaChat proved what became of the message? */
export function isProven(status: Status): status is ReportedStatus {
  return status === 'sent' || status === 'failed' || status === 'delivered' || status === 'read';
}
