import { type ClaimTerms, newClaim } from '../domain/claim.ts';
import { type FlowRequest, pairOf } from '../domain/message.ts';
import { settledSent } from '../domain/settlement.ts';
import type { Chance, Clock, Gateway, MessageStore, SessionStore } from '../ports.ts';

/*
 * A send as far as it leaves nothing behind: a window is read, nobody is called, and a message settled that is not
 * there, which the store refuses. Then the connections stand and the code on a send's way is compiled, and the first
 * caller does not wait for it. Where one is there already, it would only be in the way.
 */

export interface RehearsalDeps {
  readonly messages: MessageStore;
  readonly sessions: SessionStore;
  /** Where nobody is: its calls come to nothing. */
  readonly nobody: Gateway;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly terms: Omit<ClaimTerms, 'owner' | 'now'>;
}

const ACCEPTED = { kind: 'accepted', envelope: null } as const;
const NO_SESSION = { open: false, expiresAt: null };
const CALL_MS = 1_000;

/** Its faults are nobody's: the first send meets them, if they last. */
export function makeRehearsal({ messages, sessions, nobody, clock, chance, terms }: RehearsalDeps) {
  return async function rehearse(request: FlowRequest): Promise<void> {
    const now = clock.now();
    const claim = newClaim(request, 'rehearsal', { ...terms, owner: chance.uuid(), now });
    const receipt = { accepted: ACCEPTED, session: NO_SESSION };
    const sent = settledSent(claim, { now, calls: 1, retentionDays: terms.retentionDays, ...receipt });
    await Promise.allSettled([
      messages.replace({ value: claim, revision: 'never-written' }, sent),
      sessions.get(pairOf(claim)),
      nobody.sendFlow(request, { apiKey: '-', timeoutMs: CALL_MS, wireId: request.messageId }),
    ]);
  };
}
