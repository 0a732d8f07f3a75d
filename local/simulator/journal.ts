import type { IncomingHttpHeaders } from 'node:http';

export type Outcome =
  | 'accepted'
  | 'deduplicated'
  | 'refused'
  | 'invalid-credentials'
  | 'session-closed'
  | 'listed'
  | 'not-found'
  | 'not-processed';

/** A request as it came in. `path` is below /api/v1. `body` is parsed JSON, or the text if it is not JSON. */
export type Call = {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  apiKeyRight: boolean;
  body: unknown;
};

/**
 * One request in the log. The apiKey's value is never stored; `apiKeyRight` says whether it was valid. `attempt` is the
 * number of requests with this messageId so far. `outcome` stays `not-processed` if a fault keeps the gateway from
 * processing the request.
 */
export type Entry = {
  number: number;
  at: string;
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  apiKeyRight: boolean;
  body: unknown;
  messageId: string | null;
  to: string | null;
  attempt: number | null;
  fault: string | null;
  outcome: Outcome;
  deduplicated: boolean;
  reason: string | null;
};

export type Journal = ReturnType<typeof createJournal>;

export function createJournal({ now }: { now: () => Date }) {
  const entries: Entry[] = [];
  const attempts = new Map<string, number>();

  const countAttempt = (messageId: string | null): number | null => {
    if (messageId === null) return null;
    const attempt = (attempts.get(messageId) ?? 0) + 1;
    attempts.set(messageId, attempt);
    return attempt;
  };

  return {
    entries: (): readonly Entry[] => entries,
    record(call: Call): Entry {
      const { apikey: _secret, ...headers } = call.headers;
      const messageId = textField(call.body, 'messageId');
      const entry: Entry = {
        number: entries.length + 1,
        at: now().toISOString(),
        method: call.method,
        path: call.path,
        headers,
        apiKeyRight: call.apiKeyRight,
        body: call.body,
        messageId,
        to: textField(call.body, 'to'),
        attempt: countAttempt(messageId),
        fault: null,
        outcome: 'not-processed',
        deduplicated: false,
        reason: null,
      };
      entries.push(entry);
      return entry;
    },
    clear(): void {
      entries.length = 0;
      attempts.clear();
    },
  };
}

function textField(body: unknown, name: string): string | null {
  if (typeof body !== 'object' || body === null) return null;
  const value = Object.entries(body).find(([key]) => key === name)?.[1];
  return typeof value === 'string' ? value : null;
}
