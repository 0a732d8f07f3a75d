/**
 * Where a message stands. Before anything left: `queued` for the worker, or `parked` until the customer writes,
 * at worst `expired`. `sending` is ours while a lease is held; `unknown` means that the request may have left
 * and nothing proves what became of it; the rest is WhatsApp's ladder.
 */
export type Status = 'queued' | 'parked' | 'expired' | 'sending' | 'unknown' | ReportedStatus;

/** A rung that a status callback can report. */
export type ReportedStatus = 'sent' | 'failed' | 'delivered' | 'read';

// accepted < sent < failed < delivered < read: the higher wins, whatever comes first (whatsapp-rules, "Webhooks").
const STATUS_ORDER: readonly string[] = ['sent', 'failed', 'delivered', 'read'] satisfies ReportedStatus[];
const rankOf = (status: Status) => STATUS_ORDER.indexOf(status);

/** The higher of the two: a callback never brings a message down. */
export function advanceStatus(current: Status, reported: ReportedStatus): Status {
  return rankOf(reported) > rankOf(current) ? reported : current;
}

/** Did WhatsApp or the gateway say something about this message? */
export function isProven(status: Status): status is ReportedStatus {
  return rankOf(status) >= 0;
}
