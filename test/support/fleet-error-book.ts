/** WhatsApp's error codes by what a sender does about them, copied from the rules and not from the source. */
export const ERROR_BOOK: Record<string, number[]> = {
  'stop-number': [
    ...[0, 190, 3, 10, 368, 131005, 131031, 131042, 131045, 131037],
    ...[133000, 133005, 133006, 133008, 133009, 133010, 133015, 133016],
    ...Array.from({ length: 100 }, (_, n) => 200 + n),
  ],
  wait: [2, 4, 80007, 130429, 131016, 131057, 133004],
  'pair-too-fast': [131056],
  'window-shut': [131047],
  undeliverable: [131026, 130472, 130497, 131030, 131051, 131062],
  'held-for-user': [131049],
  'opted-out': [131050],
  'bad-request': [
    ...[33, 100, 131008, 131009, 131021, 131052, 131053],
    ...[132000, 132001, 132005, 132007, 132008, 132012, 135000],
  ],
  'content-held': [132015, 132016, 132068, 132069, 131063, 131064, 131048],
  'cannot-tell': [1, 131000],
};

type Answered = {
  status: number;
  code: string;
  /** Calls of LipaChat within the request. */
  calls: number;
  /** What is stored and replayed is final; anything else gives the messageId back. */
  final?: true;
};

/** What a caller who waits is told about a code in LipaChat's answer. */
export const ANSWERED: Record<string, Answered> = {
  'stop-number': { status: 503, code: 'gateway-unavailable', calls: 1 },
  wait: { status: 503, code: 'gateway-throttled', calls: 2 },
  'pair-too-fast': { status: 503, code: 'gateway-throttled', calls: 1 },
  'window-shut': { status: 409, code: 'session-closed', calls: 1 },
  undeliverable: { status: 422, code: 'gateway-rejected', calls: 1, final: true },
  'held-for-user': { status: 422, code: 'gateway-rejected', calls: 1, final: true },
  'opted-out': { status: 422, code: 'recipient-opted-out', calls: 1 },
  'bad-request': { status: 422, code: 'gateway-rejected', calls: 1, final: true },
  'content-held': { status: 503, code: 'gateway-throttled', calls: 1 },
  'cannot-tell': { status: 503, code: 'gateway-unavailable', calls: 1 },
};

/** Where a promised message stands after the first try that met the code. */
export const PROMISED: Record<string, string> = {
  'stop-number': 'queued',
  wait: 'queued',
  'pair-too-fast': 'queued',
  'window-shut': 'parked',
  undeliverable: 'failed',
  'held-for-user': 'failed',
  'opted-out': 'failed',
  'bad-request': 'failed',
  'content-held': 'queued',
  'cannot-tell': 'queued',
};
