/**
 * Where a message stands. `sending` is ours while a lease is held; `unknown` means that the request may have
 * left and nothing proves what became of it; the rest is WhatsApp's ladder.
 */
export type Status = 'sending' | 'unknown' | 'sent' | 'failed' | 'delivered' | 'read';

/** A rung that a status callback can report. */
export type Rung = 'sent' | 'failed' | 'delivered' | 'read';

// accepted < sent < failed < delivered < read: the higher wins, whatever comes first (whatsapp-rules, "Webhooks").
const HEIGHT: Record<Status, number> = { sending: 0, unknown: 0, sent: 1, failed: 2, delivered: 3, read: 4 };

/** The higher of the two: a callback never brings a message down. */
export function climb(current: Status, reported: Rung): Status {
  return HEIGHT[reported] > HEIGHT[current] ? reported : current;
}

/** Did WhatsApp or the gateway say something about this message? */
export function isProven(status: Status): status is Rung {
  return HEIGHT[status] > 0;
}
