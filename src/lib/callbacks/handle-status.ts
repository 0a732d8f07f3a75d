import { countFailure } from '../lipachat/call-with-retries.ts';
import { retryOf } from '../messages/backoff.ts';
import { gatewayMessageIdOf, otherIdsOf } from '../messages/gateway-message-id.ts';
import { EVENT_OF_REPORT, transition } from '../messages/lifecycle.ts';
import { isInRecipientQueue, isMessageId, type Message, pairOf, waKeyOf } from '../messages/message.ts';
import type { MessageAliasStore } from '../messages/ports.ts';
import { isOutdated, type StatusReport } from '../messages/status-report.ts';
import type { TemplateName } from '../messages/template-message.ts';
import { allEnded } from '../platform/all-ended.ts';
import type { Stored, Telemetry } from '../platform/ports.ts';
import { updateWithRetry } from '../platform/update-with-retry.ts';
import { recordOptOut } from '../sessions/opt-out-record.ts';
import { classOf, type ErrorClass } from '../whatsapp/error-codes.ts';
import { afterGatewayClosed } from '../whatsapp/session-window.ts';
import { type HandleTemplateStatusDeps, makeHandleTemplateStatus } from './handle-template-message-status.ts';
import type { CallbackStore, UnmatchedQueue } from './ports.ts';
import { isOfTemplate } from './quoted-message.ts';
import { pauseBeforeLookup, type UnmatchedStatus } from './unmatched-status.ts';

/*
 * Handles one status callback:
 *
 * 1. find the message by its messageId, an alias or WhatsApp's id;
 * 2. advance the message and act on the class of its error code. A transient failure puts it back into the
 *    queue, or parks it, in the same write;
 * 3. a status that matches nothing is enqueued for another lookup, once all of its callback is handled: it may precede
 *    the stored answer of its send and name only WhatsApp's id.
 */

export interface HandleStatusDeps extends HandleTemplateStatusDeps {
  readonly callbacks: Pick<CallbackStore, 'keepRaw'>;
  readonly unmatchedQueue: UnmatchedQueue;
  readonly aliases: MessageAliasStore;
  readonly telemetry: Telemetry;
}

/** Returns the status if it matches no message. */
export type HandleStatus = (
  messageId: string | undefined,
  report: StatusReport,
) => Promise<UnmatchedStatus | undefined>;

export type EnqueueLookup = (unmatched: UnmatchedStatus) => Promise<void>;

export function makeHandleStatus(deps: HandleStatusDeps) {
  const { messages, sessions, callbacks, unmatchedQueue, aliases, recipientQueue, clock, newId, telemetry } =
    deps;
  const handleTemplateStatus = makeHandleTemplateStatus(deps);

  async function applyTo(found: Stored<Message>, report: StatusReport): Promise<void> {
    const errorClass = classIn(report);
    if (isOutdated(found.value, report)) return;
    // First, so that later readers of the message find the window shut. A message that arrived had an open one.
    if (errorClass === 'window-shut' && !hasArrived(found.value)) await closeWindowOf(found.value);
    const event = EVENT_OF_REPORT[report.status];
    const { ambiguity } = deps.terms;
    // One pair of ids for all tries of the write: what is stored counts.
    const newIds = { resend: newId(), template: newId() };
    const change = (message: Message) =>
      transition(message, event, { report, now: clock.now(), ambiguity, newIds });
    const next = change(found.value);
    if (report.status === 'failed' && next !== found.value) countFailure(telemetry, errorClass);
    // Before the resend: its callbacks may name nothing but these ids.
    const isKept = next.resends !== found.value.resends;
    if (isKept) await keepAliases(next);
    const stored = await updateWithRetry(messages, found, change);
    // The message was erased meanwhile, so its aliases must go too.
    if (!stored) await aliases.drop(otherIdsOf(next));
    await actOn(errorClass, found.value);
    if (!stored) return;
    // Another callback about the same failure may have been faster. Then its id counts.
    const isTakenBack = stored.value.resends !== found.value.resends;
    const unused = isKept ? [gatewayMessageIdOf(next)] : [];
    const known = [stored.value.messageId, ...otherIdsOf(stored.value)];
    await aliases.drop(unused.filter((id) => !known.includes(id)));
    // A receipt that came in between has added its id. An erasure since then did not find that alias.
    if ((isTakenBack && !isKept) || stored.value.retiredWaIds?.length !== next.retiredWaIds?.length) {
      await keepAliases(stored.value);
      if (!(await messages.get(stored.value.messageId))) await aliases.drop(otherIdsOf(stored.value));
    }
    if (isTakenBack) await wake(stored.value);
    else if (isInRecipientQueue(found.value) && !isInRecipientQueue(stored.value))
      await recipientQueue.releaseNext(pairOf(stored.value));
  }

  /** The id of the next send, and WhatsApp's id of the failed one. */
  async function keepAliases(message: Message): Promise<void> {
    const retired = message.retiredWaIds?.at(-1);
    const ids = [gatewayMessageIdOf(message), ...(retired === undefined ? [] : [waKeyOf(retired)])];
    await allEnded(ids.map((id) => aliases.keep(id, { messageId: message.messageId, of: 'flow' })));
  }

  /** Starts the resend of a message that the callback took back. If this is lost, the sweeper does it. */
  async function wake(message: Message): Promise<void> {
    const { status, notBefore = clock.now() } = message;
    if (status === 'parked') await recipientQueue.releaseNext(pairOf(message));
    if (status === 'queued') await recipientQueue.enqueue(message, notBefore);
  }

  /** What the error class requires besides the transition. Safe to repeat. */
  async function actOn(errorClass: ErrorClass | undefined, message: Message): Promise<void> {
    if (errorClass !== 'opted-out') return;
    const pair = pairOf(message);
    // Dated like the message that it stopped, so that a repeat does not undo a later START.
    await recordOptOut(deps, pair, message.sentAt ?? message.createdAt);
    await recipientQueue.cancelAll(pair, message.messageId);
  }

  /** The window was already shut when the message was sent. A window that the customer opened since then stays. */
  async function closeWindowOf(message: Message): Promise<void> {
    const sentAt = message.sentAt ?? message.createdAt;
    await updateWithRetry(sessions, await sessions.get(pairOf(message)), (session) =>
      session.window && session.window.lastInboundAt > sentAt
        ? session
        : afterGatewayClosed(session, clock.now()),
    );
  }

  /** By the messageId in the callback: the message's own or an alias. */
  async function applyByName(gatewayMessageId: string, report: StatusReport): Promise<boolean> {
    if (!isMessageId(gatewayMessageId)) return false;
    const found = await messages.get(gatewayMessageId);
    if (found) {
      await applyTo(found, { ...report, gatewayMessageId });
      return true;
    }
    return applyByOtherId(gatewayMessageId, { ...report, gatewayMessageId }, { gatewayMessageId });
  }

  async function applyByWaKey(waKey: string, report: StatusReport): Promise<boolean> {
    const messageId = await messages.findByWaKey(waKey);
    const found = messageId && (await messages.get(messageId));
    if (!found) return applyByOtherId(waKey, report, { waKey });
    // The index lags: WhatsApp may have failed the send with this id since.
    const { waId, retiredWaIds = [] } = found.value;
    const named = [waId, ...retiredWaIds].find((id) => id !== undefined && waKeyOf(id) === waKey);
    if (named !== undefined) await applyTo(found, { ...report, waId: named });
    return true;
  }

  /** By an alias: the id of another send, or of a template message. */
  async function applyByOtherId(id: string, report: StatusReport, name: TemplateName): Promise<boolean> {
    const alias = await aliases.find(id);
    const found = alias && (await messages.get(alias.messageId));
    if (!found) return false;
    if (isOfTemplate(alias, found.value, name)) {
      await handleTemplateStatus(found, report, name);
      return true;
    }
    const waId = found.value.retiredWaIds?.find((retired) => waKeyOf(retired) === id);
    await applyTo(found, waId === undefined ? report : { ...report, waId });
    return true;
  }

  const handleStatus: HandleStatus = async (messageId, report) => {
    if (retryOf(classIn(report))?.alert) telemetry.count('gateway.alert');
    if (messageId && (await applyByName(messageId, report))) return undefined;
    const { waId, gatewayMessageId: _, ...kept } = report;
    // It names no known message and has no id for a later lookup.
    if (!waId) {
      await callbacks.keepRaw(JSON.stringify({ messageId, ...report }), clock.now(), { why: 'status' });
      return undefined;
    }
    const waKey = waKeyOf(waId);
    return (await applyByWaKey(waKey, kept)) ? undefined : { waKey, report: kept, lookups: 0 };
  };

  /** Without a message after the last lookup, it is another system's, or its message was erased. */
  const enqueueLookup: EnqueueLookup = async (unmatched) => {
    const pause = pauseBeforeLookup(unmatched);
    if (pause === undefined) telemetry.count('status.unmatched');
    else await unmatchedQueue.lookUpIn(unmatched, pause);
  };

  /** Looks once more for the message of an unmatched status. */
  async function lookUp(unmatched: UnmatchedStatus): Promise<void> {
    const { waKey, report, lookups } = unmatched;
    if (!(await applyByWaKey(waKey, report))) await enqueueLookup({ ...unmatched, lookups: lookups + 1 });
  }

  return { handleStatus, enqueueLookup, lookUp };
}

function hasArrived({ status }: Message): boolean {
  return status === 'delivered' || status === 'read';
}

const classIn = ({ code }: StatusReport): ErrorClass | undefined =>
  code === undefined ? undefined : classOf(code);
