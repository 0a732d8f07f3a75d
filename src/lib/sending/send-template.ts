import { type DispatchDeps, dispatch } from '../lipachat/call-with-retries.ts';
import type { Gateway } from '../lipachat/ports.ts';
import type { Release, Verdict } from '../lipachat/verdict.ts';
import { isFresh } from '../messages/claim.ts';
import { otherIdsOf } from '../messages/gateway-message-id.ts';
import { type Invitation, type Message, pairOf, waKeyOf } from '../messages/message.ts';
import type { Accepted } from '../messages/outcome.ts';
import type { MessageAliasStore, MessageStore } from '../messages/ports.ts';
import type { Lane } from '../messages/recipient-queue.ts';
import {
  invitationPut,
  invitationRefused,
  isInvitationDue,
  isStillWanted,
  slotOf,
} from '../messages/template-message.ts';
import type { Stored, Telemetry } from '../platform/ports.ts';
import { amend } from '../platform/update-with-retry.ts';
import { recordOptOut } from '../sessions/opt-out-record.ts';
import type { ForgottenStore, SessionStore } from '../sessions/ports.ts';
import { type ErrorClass, isSetback } from '../whatsapp/error-codes.ts';
import type { Errand } from './attempt.ts';
import type { InvitationStore } from './ports.ts';

/*
 * The template message of a parked flow, which asks the customer to write:
 *
 * 1. take the slot of this customer and flow: if another flow's template message is out, this one is spared;
 * 2. keep its id, so that what is said of it finds the flow, and note that it may leave from now on;
 * 3. send it under that id, which is derived from the flow's, so that a repeat sends none;
 * 4. write down what came of it. Where nothing left it stays pending, and the sweeper tries again.
 */

export interface InviteDeps extends DispatchDeps {
  readonly messages: MessageStore;
  readonly sessions: SessionStore;
  readonly invitations: InvitationStore;
  readonly aliases: MessageAliasStore;
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
  const { messages, sessions, invitations, aliases, lane, gateway, clock, telemetry } = deps;

  async function invite(parked: Stored<Message>, errand: Errand): Promise<Invited> {
    const { invitation, request, messageId } = parked.value;
    const template = request?.template;
    if (!invitation || !template || !isInvitationDue(parked.value, clock.now())) return { invited: parked };
    if (!(await takeSlot(parked.value)))
      return { invited: (await note(parked, { state: 'spared' })) ?? parked };
    if (invitation.triedAt && !isFresh({ ...parked.value, firstTryAt: invitation.triedAt }, now(errand))) {
      return { invited: (await note(parked, { state: 'unknown' })) ?? parked };
    }
    // Before the note: without the key nothing can leave, and without the id nobody would know whose it was.
    await Promise.all([deps.apiKey.get(), aliases.keep(invitation.messageId, messageId)]);
    const tried = await note(parked, { triedAt: invitation.triedAt ?? clock.now() });
    if (!tried || !isStillWanted(tried.value, invitation.messageId)) return { invited: tried ?? parked };
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
    const invited = (await noteVerdict(tried, verdict, errand)) ?? tried;
    const errorClass = verdict.kind === 'release' ? verdict.errorClass : undefined;
    return { invited, setback: isSetback(errorClass) ? errorClass : undefined };
  }

  function noteVerdict(
    tried: Stored<Message>,
    verdict: Verdict,
    errand: Errand,
  ): Promise<Stored<Message> | undefined> {
    switch (verdict.kind) {
      case 'sent':
        return accepted(tried, verdict.accepted);
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
  ): Promise<Stored<Message> | undefined> {
    const pair = pairOf(parked.value);
    if (verdict.alert) telemetry.count('gateway.alert');
    if (verdict.code === 'recipient-opted-out') {
      await recordOptOut(deps, pair, clock.now());
      await lane.cancelAll(pair, errand.correlationId);
      return (await messages.get(parked.value.messageId)) ?? parked;
    }
    const now = clock.now();
    return noteBy(parked, (invitation) => invitationPut(invitation, verdict, now));
  }

  /** Its id at WhatsApp is kept before the note: should that fail, the same message is repeated, and told again. */
  async function accepted(tried: Stored<Message>, { waId }: Accepted): Promise<Stored<Message> | undefined> {
    const waKeys = waId === undefined ? [] : [waKeyOf(waId)];
    await Promise.all(waKeys.map((waKey) => aliases.keep(waKey, tried.value.messageId)));
    const noted = await note(tried, { state: 'sent', waId });
    // Nobody could derive it any more: its flow is gone, or another template message stands in its place.
    const known = noted ? otherIdsOf(noted.value) : [];
    await aliases.drop(waKeys.filter((waKey) => !known.includes(waKey)));
    return noted;
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

  const note = (parked: Stored<Message>, change: Partial<Invitation>) =>
    noteBy(parked, (invitation) => ({ ...invitation, ...change }));

  /** Of this very template message, and of none that has taken its place since. Undefined where its flow is gone. */
  async function noteBy(
    parked: Stored<Message>,
    change: (invitation: Invitation) => Invitation,
  ): Promise<Stored<Message> | undefined> {
    const id = parked.value.invitation?.messageId;
    const noted = await amend(messages, parked, (m) =>
      m.invitation && m.invitation.messageId === id ? { ...m, invitation: change(m.invitation) } : m,
    );
    // Erased meanwhile: nothing of it stays.
    if (!noted)
      await Promise.all([invitations.drop(slotOf(parked.value)), aliases.drop(otherIdsOf(parked.value))]);
    return noted;
  }

  /** LipaChat refuses the template message: the flow's caller has to change it, so the flow has failed. */
  async function refused(
    parked: Stored<Message>,
    detail: string,
    errand: Errand,
  ): Promise<Stored<Message> | undefined> {
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
