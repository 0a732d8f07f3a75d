import { type ClaimTerms, newClaim } from '../domain/claim.ts';
import { type FlowRequest, pairOf } from '../domain/message.ts';
import type { Chance, Clock, MessageStore, SessionStore } from '../ports.ts';

/*
 * A send as far as it leaves nothing behind: a window is read, and a message replaced that is not there, which the store
 * refuses. Then the connections stand and the code on a send's way is compiled, and the first caller does not wait for
 * it. Where one is there already, it would only be in the way.
 */

export interface RehearsalDeps {
  readonly messages: MessageStore;
  readonly sessions: SessionStore;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly terms: Omit<ClaimTerms, 'owner' | 'now'>;
}

/** What runs a second time is already faster. */
const TIMES = 3;

/** Its faults are nobody's: the first send meets them, if they last. */
export function makeRehearsal({ messages, sessions, clock, chance, terms }: RehearsalDeps) {
  return async function rehearse(request: FlowRequest): Promise<void> {
    for (let time = 0; time < TIMES; time += 1) {
      const claim = newClaim(request, 'rehearsal', { ...terms, owner: chance.uuid(), now: clock.now() });
      await Promise.allSettled([
        messages.replace({ value: claim, revision: 'never-written' }, claim),
        sessions.get(pairOf(claim)),
      ]);
    }
  };
}
