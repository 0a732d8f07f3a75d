/**
 * Where a message stands. Before anything left: `queued` for the worker, or `parked` until the customer writes,
 * at worst `expired`. `sending` is ours while a lease is held; `unknown` means that the request may have left
 * and nothing proves what became of it; the rest is WhatsApp's ladder.
 */
export type Status = 'queued' | 'parked' | 'expired' | 'sending' | 'unknown' | Rung;

/** A rung that a status callback can report. */
export type Rung = 'sent' | 'failed' | 'delivered' | 'read';

// accepted < sent < failed < delivered < read: the higher wins, whatever comes first (whatsapp-rules, "Webhooks").
const RUNGS: readonly string[] = ['sent', 'failed', 'delivered', 'read'] satisfies Rung[];
const heightOf = (status: Status) => RUNGS.indexOf(status);

/** The higher of the two: a callback never brings a message down. */
export function climb(current: Status, reported: Rung): Status {
  return heightOf(reported) > heightOf(current) ? reported : current;
}

/** Did WhatsApp or the gateway say something about this message? */
export function isProven(status: Status): status is Rung {
  return heightOf(status) >= 0;
}
