import type { ClaimTerms } from '../messages/claim.ts';
import type { FlowRequest, Message } from '../messages/message.ts';
import type { Secret, Stored } from '../platform/ports.ts';
import type { SessionStore } from '../sessions/ports.ts';
import type { ErrorClass } from '../whatsapp/error-codes.ts';
import type { Pair } from '../whatsapp/phone.ts';
import type { Session } from '../whatsapp/session-window.ts';

/** What is read while the claim is on its way. Its faults show when it is asked for. */
export interface ReadAhead {
  session(): Promise<Stored<Session> | undefined>;
  apiKey(): Promise<string>;
}

/** On whose behalf a claim is carried out. */
export interface Attempt {
  readonly request: FlowRequest | undefined;
  readonly correlationId: string;
  readonly deadlineAt: Date;
  readonly terms: ClaimTerms;
  readonly ahead: ReadAhead;
  readonly source: 'caller' | 'worker' | 'sweeper';
}

/** The message in the end. `fresh`: the answer in it is this errand's own. */
export interface AttemptResult {
  readonly message: Message;
  readonly fresh: boolean;
  /** What hindered its template message, and asks whoever sends more of them for a pause. */
  readonly throttleReason?: ErrorClass | undefined;
}

/** Starts both reads at once. */
export function readAhead(deps: { sessions: SessionStore; apiKey: Secret }, pair: Pair): ReadAhead {
  const reads = Promise.allSettled([deps.sessions.get(pair), deps.apiKey.get()]);
  return {
    session: async () => unwrap((await reads)[0]),
    apiKey: async () => unwrap((await reads)[1]),
  };
}

function unwrap<T>(result: PromiseSettledResult<T>): T {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}
