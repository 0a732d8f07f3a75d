import { countFailure } from '../lipachat/call-with-retries.ts';
import { gatewayMessageIdOf, isTemplateId, otherIdsOf } from '../messages/gateway-message-id.ts';
import { EVENT_OF_REPORT, transition } from '../messages/lifecycle.ts';
import { isMessageId, type Message, type MessageId, pairOf, waKeyOf } from '../messages/message.ts';
import type { MessageAliasStore } from '../messages/ports.ts';
import { retryOf } from '../messages/retry.ts';
import { isOutdated, type StatusReport } from '../messages/status-report.ts';
import type { TemplateName } from '../messages/template-message.ts';
import type { Stored, Telemetry } from '../platform/ports.ts';
import { updateWithRetry } from '../platform/update-with-retry.ts';
import { recordOptOut } from '../sessions/opt-out-record.ts';
import { classOf, type ErrorClass } from '../whatsapp/error-codes.ts';
import { afterGatewayClosed } from '../whatsapp/session-window.ts';
import { type HandleTemplateStatusDeps, makeHandleTemplateStatus } from './handle-template-status.ts';
import type { CallbackStore, UnmatchedStatus } from './ports.ts';

/*
 * One status callback: find what it is about, by our id, by one that was derived from it, else by WhatsApp's; let
 * the message climb, and do what the class of its error code asks for. A failure that passes puts it back into the
 * queue, or lets it wait for its customer, in the same write. A callback that comes before the send's answer is
 * stored may name WhatsApp's id only: it is kept, and the sweeper looks again.
 */

export interface HandleStatusDeps extends HandleTemplateStatusDeps {
  readonly callbacks: CallbackStore;
  readonly aliases: MessageAliasStore;
  readonly telemetry: Telemetry;
}

export type HandleStatus = (messageId: string | undefined, report: StatusReport) => Promise<void>;

/** After a minute or two the answer is stored; past the resend horizon none comes any more. */
const GIVE_UP_MS = 20 * 60_000;
const FIRST_PAUSE_MS = 20_000;

export function makeHandleStatus(deps: HandleStatusDeps) {
  const { messages, sessions, callbacks, aliases, recipientQueue, clock, telemetry } = deps;
  const handleTemplateStatus = makeHandleTemplateStatus(deps);

  async function applyTo(found: Stored<Message>, report: StatusReport): Promise<void> {
    const errorClass = classIn(report);
    if (isOutdated(found.value, report)) return;
    // First, so that whoever meets the message afterwards finds the window as it is.
    if (errorClass === 'window-shut') await closeWindowOf(found.value);
    const event = EVENT_OF_REPORT[report.status];
    const change = (message: Message) => transition(message, event, { report, now: clock.now() });
    const next = change(found.value);
    if (report.status === 'failed' && next !== found.value) countFailure(telemetry, errorClass);
    // Kept before the send that has it: a callback may name nothing else.
    if (next.resends !== found.value.resends) await aliases.keep(gatewayMessageIdOf(next), next.messageId);
    const stored = await updateWithRetry(messages, found, change);
    // Erased meanwhile: nothing of it stays.
    if (!stored) await aliases.drop(otherIdsOf(next));
    await actOn(errorClass, found.value);
    if (stored && stored.value.resends !== found.value.resends) await wake(stored.value);
  }

  /** It was taken back: whoever is to send it learns of it. The sweeper comes, should this be lost. */
  async function wake(message: Message): Promise<void> {
    const { status, messageId, notBefore = clock.now() } = message;
    if (status === 'parked') await recipientQueue.releaseNext(pairOf(message));
    if (status === 'queued') await recipientQueue.enqueue(messageId, notBefore);
  }

  /** What a failure's code asks for beside the failure. It may be repeated. */
  async function actOn(errorClass: ErrorClass | undefined, message: Message): Promise<void> {
    if (errorClass !== 'opted-out') return;
    const pair = pairOf(message);
    // The word is as old as the message that it stopped: a later START is not undone by a repeat.
    await recordOptOut(deps, pair, message.sentAt ?? message.createdAt);
    await recipientQueue.cancelAll(pair, message.messageId);
  }

  /** The window in which it was sent was none. One that the customer has opened since is another. */
  async function closeWindowOf(message: Message): Promise<void> {
    const sentAt = message.sentAt ?? message.createdAt;
    await updateWithRetry(sessions, await sessions.get(pairOf(message)), (session) =>
      session.window && session.window.lastInboundAt > sentAt
        ? session
        : afterGatewayClosed(session, clock.now()),
    );
  }

  /** By the messageId that it names: the caller's, or one of our own. */
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
    // The index is a moment late: the send of that id may have been taken back since.
    const { waId } = found.value;
    if (waId !== undefined && waKeyOf(waId) === waKey) await applyTo(found, { ...report, waId });
    return true;
  }

  /** By an id that was kept beside the message: of a later send, or of its template message. */
  async function applyByOtherId(id: string, report: StatusReport, name: TemplateName): Promise<boolean> {
    const messageId: MessageId | undefined = await aliases.messageOf(id);
    const found = messageId && (await messages.get(messageId));
    if (!found) return false;
    // A flow's own `waId` is in the index, so a kept key is a template message's.
    const isTemplate = 'waKey' in name || isTemplateId(found.value, id);
    if (isTemplate) await handleTemplateStatus(found, report, name);
    else await applyTo(found, report);
    return true;
  }

  const handleStatus: HandleStatus = async (messageId, report) => {
    if (retryOf(classIn(report))?.alert) telemetry.count('gateway.alert');
    if (messageId && (await applyByName(messageId, report))) return;
    const { waId, gatewayMessageId: _, ...kept } = report;
    const keptAt = clock.now();
    // It names nothing that we know, and nothing that could be found later.
    if (!waId) return callbacks.keepRaw(JSON.stringify({ messageId, ...report }), keptAt);
    const waKey = waKeyOf(waId);
    if (await applyByWaKey(waKey, kept)) return;
    await callbacks.keepUnmatched(
      { waKey, report: kept, keptAt },
      new Date(keptAt.getTime() + FIRST_PAUSE_MS),
    );
  };

  /** The sweeper's second look. Pauses grow with age; what stays foreign is left to its retention. */
  async function retryUnmatched(limit: number): Promise<number> {
    const now = clock.now();
    const unmatchedStatuses: readonly UnmatchedStatus[] = await callbacks.dueUnmatched(now, limit);
    for (const unmatched of unmatchedStatuses) {
      if (await applyByWaKey(unmatched.waKey, unmatched.report)) {
        await callbacks.dropUnmatched(unmatched);
        continue;
      }
      const age = now.getTime() - unmatched.keptAt.getTime();
      const next = age > GIVE_UP_MS ? undefined : new Date(now.getTime() + FIRST_PAUSE_MS + age);
      await callbacks.keepUnmatched(unmatched, next);
    }
    return unmatchedStatuses.length;
  }

  return { handleStatus, retryUnmatched };
}

const classIn = ({ code }: StatusReport): ErrorClass | undefined =>
  code === undefined ? undefined : classOf(code);
