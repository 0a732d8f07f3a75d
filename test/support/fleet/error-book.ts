/** WhatsApp's error codes by what a sender does about them, copied from the rules and not from the source. */
import type { ErrorClass } from '../../../src/lib/whatsapp/error-codes.ts';

export const ERROR_BOOK: Record<ErrorClass, number[]> = {
  'stop-number': [
    ...[0, 190, 3, 10, 368, 131005, 131031, 131042, 131045, 131037],
    ...[133000, 133005, 133006, 133008, 133009, 133010, 133015, 133016, 134011],
    ...Array.from({ length: 100 }, (_, n) => 200 + n),
  ],
  wait: [2, 4, 80007, 130429, 131016, 131057, 133004, 134101],
  'pair-too-fast': [131056],
  'window-shut': [131047],
  undeliverable: [131026, 130472, 130497, 131030, 131051, 131062],
  'held-for-user': [131049],
  'opted-out': [131050],
  'bad-request': [
    ...[33, 100, 131008, 131009, 131021, 131052, 131053],
    ...[132000, 132001, 132005, 132007, 132008, 132012, 135000],
  ],
  'content-held': [132015, 132069],
  'content-blocked': [131048, 132016, 132068, 131063, 131064],
  'cannot-tell': [1, 131000],
};

type Answered = {
  status: number;
  json: { code: string } | { status: string };
  /** Calls of LipaChat within the request. */
  calls: number;
  /** Final: stored and replayed. Released: the messageId is given back. Kept: it is carried through, and answered 202. */
  ends: 'final' | 'released' | 'kept';
};

const released = (status: number, code: string, calls = 1): Answered => ({
  status,
  json: { code },
  calls,
  ends: 'released',
});
const FINAL: Answered = { status: 422, json: { code: 'gateway-rejected' }, calls: 1, ends: 'final' };

/** What a caller who waits is told about a code in LipaChat's answer. */
export const ANSWERED: Record<ErrorClass, Answered> = {
  'stop-number': released(503, 'gateway-unavailable'),
  wait: released(503, 'gateway-throttled', 2),
  'pair-too-fast': released(503, 'gateway-throttled'),
  'window-shut': released(409, 'session-closed'),
  undeliverable: FINAL,
  'held-for-user': { status: 202, json: { status: 'queued' }, calls: 1, ends: 'kept' },
  'opted-out': released(422, 'recipient-opted-out'),
  'bad-request': FINAL,
  'content-held': released(503, 'gateway-throttled'),
  'content-blocked': released(503, 'gateway-throttled'),
  'cannot-tell': released(503, 'gateway-unavailable'),
};

/**
 * Where a message stands for which LipaChat meets the code: after the first try, if it was promised, and after the
 * callback that fails it, if it was sent.
 */
export const PROMISED: Record<ErrorClass, string> = {
  'stop-number': 'queued',
  wait: 'queued',
  'pair-too-fast': 'queued',
  'window-shut': 'parked',
  undeliverable: 'failed',
  'held-for-user': 'queued',
  'opted-out': 'failed',
  'bad-request': 'failed',
  'content-held': 'queued',
  'content-blocked': 'queued',
  'cannot-tell': 'queued',
};

/** What the worker sends once more within a quarter of an hour after the callback. */
export const SENT_AGAIN: readonly ErrorClass[] = [
  'stop-number',
  'wait',
  'pair-too-fast',
  'content-held',
  'cannot-tell',
];
