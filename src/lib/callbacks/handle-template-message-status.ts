import type { NewId } from '../messages/gateway-message-id.ts';
import type { ClaimTerms } from '../messages/lease.ts';
import { transition } from '../messages/lifecycle.ts';
import { type Message, pairOf } from '../messages/message.ts';
import type { MessageStore } from '../messages/ports.ts';
import type { RecipientQueue } from '../messages/recipient-queue.ts';
import type { StatusReport } from '../messages/status-report.ts';
import { type TemplateName, withDeliveredTemplate } from '../messages/template-message.ts';
import type { Clock, Stored } from '../platform/ports.ts';
import { updateWithRetry } from '../platform/update-with-retry.ts';
import { recordOptOut } from '../sessions/opt-out-record.ts';
import type { ErasedOptOutStore, SessionStore } from '../sessions/ports.ts';
import { classOf } from '../whatsapp/error-codes.ts';

/*
 * Handles one status callback about the template message of a parked flow. It says nothing about the flow
 * itself. Proof that it was delivered or read calls another one off. On a failure:
 *
 * - opted out: record the opt-out and cancel the pair's recipient queue;
 * - a transient reason: send another template message later, under its own id. With outcomes on hold none follows, and
 *   the flow only waits;
 * - anything else: the caller has to change the template, so the flow fails.
 */

export interface HandleTemplateStatusDeps {
  readonly messages: MessageStore;
  readonly sessions: SessionStore;
  readonly erasedOptOuts: ErasedOptOutStore;
  readonly recipientQueue: RecipientQueue;
  readonly clock: Clock;
  readonly newId: () => NewId;
  readonly terms: Pick<ClaimTerms, 'ambiguity'>;
}

export function makeHandleTemplateStatus(deps: HandleTemplateStatusDeps) {
  const { messages, sessions, recipientQueue, clock, newId } = deps;

  return async function handleTemplateStatus(
    found: Stored<Message>,
    report: StatusReport,
    name: TemplateName,
  ): Promise<void> {
    if (report.status === 'delivered' || report.status === 'read')
      await updateWithRetry(messages, found, withDeliveredTemplate);
    if (report.status !== 'failed') return;
    const { messageId, templateMessage, createdAt } = found.value;
    const pair = pairOf(found.value);
    if (report.code !== undefined && classOf(report.code) === 'opted-out') {
      // Dated like the message that it stopped, so that a repeat does not undo a later START.
      await recordOptOut(deps, pair, templateMessage?.triedAt ?? createdAt);
      await recipientQueue.cancelAll(pair, messageId);
      return;
    }
    const writtenAt = (await sessions.get(pair))?.value.window?.lastInboundAt;
    const detail = report.detail ?? 'WhatsApp reported a failure of the template message';
    const { ambiguity } = deps.terms;
    const known = { now: clock.now(), detail, correlationId: messageId, report, name, writtenAt, ambiguity };
    const failure = { ...known, templateId: newId() };
    const change = (message: Message) => transition(message, 'templateFailed', failure);
    await updateWithRetry(messages, found, change);
  };
}
