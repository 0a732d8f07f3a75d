import { randomBytes } from 'node:crypto';

const nairobiOffsetMs = 3 * 3_600_000;

/** The gateway's timestamp: Nairobi time without a zone, nine fractional digits (`2024-03-22T11:42:18.625016916`). */
function gatewayTimestamp(now: Date): string {
  const millis = new Date(now.getTime() + nairobiOffsetMs).toISOString().slice(0, -1);
  const nanos = (process.hrtime.bigint() % 1_000_000n).toString().padStart(6, '0');
  return `${millis}${nanos}`;
}

export type Envelope = { timestamp: string; data: unknown; status: string; message: string; errors: unknown };

type EnvelopeParts = { data?: unknown; status?: 'success' | 'error'; message?: string; errors?: unknown };

export function envelope(now: Date, parts: EnvelopeParts): Envelope {
  return {
    timestamp: gatewayTimestamp(now),
    data: parts.data ?? null,
    status: parts.status ?? 'success',
    message: parts.message ?? '',
    errors: parts.errors ?? null,
  };
}

export const requestFailed = (now: Date): Envelope =>
  envelope(now, { status: 'error', message: 'Request failed.' });

/** Says "success" although it is a failure, as the real gateway does. The tests need this trap. */
export const invalidCredentials = (now: Date): Envelope => envelope(now, { message: 'Invalid credentials' });

export const sessionClosed = (now: Date): Envelope =>
  envelope(now, {
    status: 'error',
    message: 'Recipient is outside the 24-hour sandbox session window. Ask them to send the join code again.',
  });

export const duplicateMessageId = (now: Date): Envelope =>
  envelope(now, { status: 'error', message: 'Duplicate messageId' });

export type Receipt = { messageId: string; waId: string; status: string; statusDesc: string };

export function receipt(sent: { messageId: string; waId: string }): Receipt {
  return {
    messageId: sent.messageId,
    waId: sent.waId,
    status: 'SENT',
    statusDesc: 'Message sent successfully',
  };
}

/** The error body of a Java web framework, where `status` is a number. */
export function frameworkError(now: Date, status: number, error: string, path: string): object {
  return { timestamp: now.toISOString(), status, error, path };
}

/** A new WhatsApp message id in the layout of the documented sample: the number, then 18 random hex digits. */
export function freshWaId(to: string): string {
  const parts = [
    Buffer.from([0x1c, 0x18, to.length]),
    Buffer.from(to, 'latin1'),
    Buffer.from([0x15, 0x02, 0x00, 0x11, 0x18, 0x12]),
    Buffer.from(randomBytes(9).toString('hex').toUpperCase(), 'latin1'),
    Buffer.from([0x00]),
  ];
  return `wamid.${Buffer.concat(parts).toString('base64')}`;
}
