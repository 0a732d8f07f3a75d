import { makeHandleCallbacks } from '../callbacks/handle-callbacks.ts';
import { makeHandleReply } from '../callbacks/handle-reply.ts';
import { type HandleStatusDeps, makeHandleStatus } from '../callbacks/handle-status.ts';
import type { CallbackStore, UnmatchedQueue } from '../callbacks/ports.ts';
import { makeRequeueUnmatched, type RequeueUnmatchedDeps } from '../callbacks/requeue-unmatched.ts';
import { type EraseDeps, makeErase } from '../contacts/erase.ts';
import { type ExportDeps, makeExport } from '../contacts/export.ts';
import { makeOptOut } from '../contacts/opt-out.ts';
import { makeLipaChatCalls } from '../lipachat/call-with-retries.ts';
import type { ApiKeys, Gateway } from '../lipachat/ports.ts';
import { makeFollowPerson } from '../messages/follow-person.ts';
import type { DeliveryQueue, MessageAliasStore, MessageStore, WatchQueue } from '../messages/ports.ts';
import { makeRecipientQueue, type RecipientQueueDeps } from '../messages/recipient-queue.ts';
import type { Clock, Random, Telemetry } from '../platform/ports.ts';
import { makeDeliver } from '../sending/deliver.ts';
import { makeFinishClaim } from '../sending/finish-claim.ts';
import { makeNotSent } from '../sending/not-sent.ts';
import type { TemplateLockStore } from '../sending/ports.ts';
import { makeSendFlow, type SendFlowDeps } from '../sending/send-flow.ts';
import { makeSendTemplate } from '../sending/send-template.ts';
import { makeSettler } from '../sending/settle.ts';
import { makeSweep } from '../sending/sweep.ts';
import { makeSweepMessage } from '../sending/sweep-message.ts';
import { makeWindowClosed } from '../sending/window-closed.ts';
import { makePeople } from '../sessions/people.ts';
import type { ErasedOptOutStore, PersonAliasStore, SessionStore } from '../sessions/ports.ts';
import type { ConsentWords } from '../whatsapp/opt-out-words.ts';

/*
 * The use cases of a message: ports and settings in, use cases out. The functions pass AWS and LipaChat; the tests
 * pass fakes. There is one composition per kind of bundle, so that a bundle holds no use case that it does not run.
 */

export interface MessagePorts {
  readonly messages: MessageStore;
  readonly sessions: SessionStore;
  readonly personAliases: PersonAliasStore;
  readonly erasedOptOuts: ErasedOptOutStore;
  readonly aliases: MessageAliasStore;
  readonly queue: DeliveryQueue;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

export interface SendPorts extends MessagePorts {
  readonly templateLocks: TemplateLockStore;
  readonly gateway: Gateway;
  readonly apiKeys: ApiKeys;
  readonly random: Random;
}

export interface CallbackPorts extends MessagePorts {
  readonly random: Random;
  readonly callbacks: CallbackStore;
  readonly unmatchedQueue: UnmatchedQueue;
}

interface MessageSettings extends Pick<RecipientQueueDeps, 'beside01'> {
  readonly sessionMarginSeconds: number;
}

export interface SendSettings extends MessageSettings {
  readonly terms: SendFlowDeps['terms'];
  readonly gatewayDeadlineMs: number;
  readonly gatewayAttempts: number;
  readonly retentionDays: number;
  readonly sendToUserIds: boolean;
}

const newIdOf =
  ({ random }: Pick<SendPorts, 'random'>, { beside01 }: MessageSettings) =>
  () =>
    beside01 ? undefined : random.uuid();

/** The ports with the sessions by person, and the queue of each recipient. */
function byPerson<P extends MessagePorts, S extends MessageSettings>(ports: P, settings: S) {
  const base = { ...ports, ...settings };
  // The stores as they are: a person's number needs no look-up, and no circle.
  const follow = makeFollowPerson({ ...base, recipientQueue: makeRecipientQueue(base) });
  const people = makePeople({ ...ports, follow });
  const { sessions } = people;
  return { ...base, people, sessions, recipientQueue: makeRecipientQueue({ ...base, sessions }) };
}

/** Sends, for callers, for the worker and for campaigns. */
export function sendUseCases(ports: SendPorts, settings: SendSettings) {
  const deps = byPerson(ports, settings);
  const base = { ...deps, newId: newIdOf(ports, settings), lipachat: makeLipaChatCalls(deps) };
  const settler = makeSettler(base);
  const sendTemplate = makeSendTemplate(base);
  const notSent = makeNotSent({ ...base, settler });
  const windowClosed = makeWindowClosed({ ...base, notSent, sendTemplate });
  const deliver = makeDeliver({ ...base, settler, notSent, windowClosed });
  return { sendFlow: makeSendFlow({ ...base, deliver, settler, windowClosed }), sendTemplate };
}

/** The same for the worker, which also finishes what a crash left. */
export function workUseCases(
  ports: SendPorts & { readonly queue: DeliveryQueue & WatchQueue },
  settings: SendSettings,
) {
  const sends = sendUseCases(ports, settings);
  return { ...sends, finishClaim: makeFinishClaim({ ...ports, ...sends }) };
}

/** The sweeper's tick. `longestSendMs` is what one send may take. */
export function sweepUseCase(
  ports: SendPorts & RequeueUnmatchedDeps,
  settings: SendSettings & { readonly longestSendMs: number },
) {
  const deps = byPerson(ports, settings);
  const sweepMessage = makeSweepMessage({ ...deps, ...sendUseCases(ports, settings) });
  return makeSweep({ ...deps, sweepMessage, requeueUnmatched: makeRequeueUnmatched(ports) });
}

/** Handles LipaChat's callbacks. */
export function callbackUseCases(
  ports: CallbackPorts,
  settings: MessageSettings & Pick<HandleStatusDeps, 'terms'> & { readonly words: ConsentWords },
) {
  const deps = { ...byPerson(ports, settings), newId: newIdOf(ports, settings) };
  const { lookUp, ...statuses } = makeHandleStatus(deps);
  const { handleReply } = makeHandleReply(deps);
  const handleCallbacks = makeHandleCallbacks({ ...deps, ...statuses, handleReply });
  return { handleCallbacks, ...statuses, handleReply, lookUp };
}

/** A customer's opt-out by the API, and the erasure of a customer's data. */
export function contactUseCases(
  ports: MessagePorts & Omit<EraseDeps & ExportDeps, 'people'>,
  settings: MessageSettings,
) {
  const deps = byPerson(ports, settings);
  const exportContact = makeExport({ ...deps, sessions: ports.sessions });
  return { consent: makeOptOut(deps), erasure: makeErase(deps), exportContact };
}
