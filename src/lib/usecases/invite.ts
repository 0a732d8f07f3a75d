import { createHash } from 'node:crypto';
import { isFresh } from '../domain/claim.ts';
import type { Release, Verdict } from '../domain/delivery.ts';
import { type ErrorClass, isSetback } from '../domain/error-book.ts';
import { type Invitation, type Message, pairOf } from '../domain/message.ts';
import { invitationRefused, pauseBefore } from '../domain/waiting.ts';
import type {
  ForgottenStore,
  Gateway,
  InvitationStore,
  MessageStore,
  SessionStore,
  Stored,
  Telemetry,
} from '../ports.ts';
import { amend } from './amend.ts';
import { type DispatchDeps, dispatch } from './dispatch.ts';
import type { Errand } from './errand.ts';
import { recordOptOut } from './fresh-session.ts';
import type { Lane } from './lane.ts';

/*
 * The template message of a parked flow, which asks the customer to write:
 *
 * 1. take the slot of this customer and flow: if another flow's template message is out, this one is spared;
 * 2. note that it may leave from now on;
 * 3. send it under a messageId derived from the flow's, so that a repeat sends none;
 * 4. write down what came of it. Where nothing left it stays pending, and the sweeper tries again.
 */

export interface InviteDeps extends DispatchDeps {
  readonly messages: MessageStore;
  readonly sessions: SessionStore;
  readonly invitations: InvitationStore;
  readonly forgotten: ForgottenStore;
  readonly lane: Lane;
  readonly gateway: Gateway;
  readonly telemetry: Telemetry;
  readonly gatewayDeadlineMs: number;
  readonly gatewayAttempts: number;
}

/** The flow in the end, and what hindered its template message. */
interface Invited {
  readonly invited: Stored<Message>;
  readonly setback?: ErrorClass | undefined;
}

export type Inviter = ReturnType<typeof makeInviter>;

const RESERVE_MS = 3_000;

export function makeInviter(deps: InviteDeps) {
  const { messages, sessions, invitations, lane, gateway, clock, telemetry } = deps;

  async function invite(parked: Stored<Message>, errand: Errand): Promise<Invited> {
    const { status, invitation, request } = parked.value;
    const template = request?.template;
    if (status !== 'parked' || invitation?.state !== 'pending' || !template) return { invited: parked };
    if (!(await takeSlot(parked.value))) return { invited: await note(parked, { state: 'spared' }) };
    if (invitation.triedAt && !isFresh({ ...parked.value, firstTryAt: invitation.triedAt }, now(errand))) {
      return { invited: await note(parked, { state: 'unknown' }) };
    }
    // Read before the note: without it nothing can leave.
    await deps.apiKey.get();
    const tried = await note(parked, { triedAt: invitation.triedAt ?? clock.now() });
    const { verdict } = await dispatch(
      deps,
      (call) =>
        gateway.sendTemplate({ messageId: invitation.messageId, pair: pairOf(parked.value), template }, call),
      {
        deadlineAt: deadlineOf(errand),
        maxCalls: deps.gatewayAttempts,
        ambiguityMode: errand.terms.ambiguity.mode,
        mayHaveLeft: invitation.triedAt !== undefined,
      },
    );
    telemetry.count(`template.${verdict.kind}`);
    const invited = await noteVerdict(tried, verdict, errand);
    const errorClass = verdict.kind === 'release' ? verdict.errorClass : undefined;
    return { invited, setback: isSetback(errorClass) ? errorClass : undefined };
  }

  function noteVerdict(tried: Stored<Message>, verdict: Verdict, errand: Errand): Promise<Stored<Message>> {
    switch (verdict.kind) {
      case 'sent':
        return note(tried, { state: 'sent', waId: verdict.accepted.waId });
      case 'rejected':
        return refused(tried, verdict.detail, errand);
      case 'release':
        return released(tried, verdict, errand);
      case 'unknown':
        return verdict.again && errand.terms.ambiguity.mode === 'resend'
          ? Promise.resolve(tried)
          : note(tried, { state: 'unknown' });
    }
  }

  /** Nothing left. It stays pending for the sweeper, later each time, unless the customer or the tries end it. */
  async function released(
    parked: Stored<Message>,
    verdict: Release,
    errand: Errand,
  ): Promise<Stored<Message>> {
    const pair = pairOf(parked.value);
    if (verdict.alert) telemetry.count('gateway.alert');
    if (verdict.code === 'recipient-opted-out') {
      await recordOptOut(deps, pair, clock.now());
      await lane.cancelAll(pair, errand.correlationId);
      return (await messages.get(parked.value.messageId)) ?? parked;
    }
    const tries = (parked.value.invitation?.tries ?? 0) + 1;
    const { retryAfter, maxTries, pair: tooFast = false } = verdict;
    const usedUp = pauseBefore(tries, { retryAfter, maxTries, pair: tooFast }) === undefined;
    return note(parked, { triedAt: undefined, tries, state: usedUp ? 'failed' : 'pending' });
  }

  /** Another holder keeps the slot as long as it waits, and its template message is unanswered. */
  async function takeSlot(message: Message): Promise<boolean> {
    const pair = pairOf(message);
    const until = message.parkedUntil ?? message.expiresAt;
    const slot = { slot: slotOf(message), holder: message.messageId, at: clock.now(), until };
    const taken = await invitations.create(slot);
    if (taken.done || !taken.stored) return taken.done;
    const { holder, at } = taken.stored.value;
    if (holder === message.messageId) return true;
    const answeredAt = (await sessions.get(pair))?.value.window?.lastInboundAt;
    const answered = answeredAt !== undefined && answeredAt > at;
    const stillWaits = (await messages.get(holder))?.value.status === 'parked';
    if (stillWaits && !answered) return false;
    return (await invitations.replace(taken.stored, slot)).done;
  }

  async function note(parked: Stored<Message>, change: Partial<Invitation>): Promise<Stored<Message>> {
    const noted = await amend(messages, parked, (m) =>
      m.invitation ? { ...m, invitation: { ...m.invitation, ...change } } : m,
    );
    return noted ?? parked;
  }

  /** LipaChat refuses the template message: the flow's caller has to change it, so the flow has failed. */
  async function refused(parked: Stored<Message>, detail: string, errand: Errand): Promise<Stored<Message>> {
    const change = { now: clock.now(), detail, correlationId: errand.correlationId };
    const failed = await amend(messages, parked, (m) => invitationRefused(m, change));
    return failed ?? parked;
  }

  function deadlineOf(errand: Errand): Date {
    return new Date(
      Math.min(clock.now().getTime() + deps.gatewayDeadlineMs, errand.deadlineAt.getTime() - RESERVE_MS),
    );
  }

  const now = (errand: Errand) => ({ now: clock.now(), ambiguity: errand.terms.ambiguity });

  return { invite };
}

function slotOf({ from, to, flowId }: Message): string {
  return createHash('sha256')
    .update(JSON.stringify([from, to, flowId]))
    .digest('base64url');
}
