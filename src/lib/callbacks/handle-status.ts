import { countFailure } from '../lipachat/call-with-retries.ts';
import { isTemplateId, otherIdsOf, wireIdOf } from '../messages/gateway-message-id.ts';
import { isMessageId, type Message, type MessageId, pairOf, waKeyOf } from '../messages/message.ts';
import type { MessageAliasStore } from '../messages/ports.ts';
import { afterStatus } from '../messages/resend.ts';
import { retryOf } from '../messages/retry.ts';
import { isOutdated, type StatusReport } from '../messages/status-report.ts';
import type { TemplateName } from '../messages/template-message.ts';
import type { Stored, Telemetry } from '../platform/ports.ts';
import { amend } from '../platform/update-with-retry.ts';
import { recordOptOut } from '../sessions/opt-out-record.ts';
import { classOf, type ErrorClass } from '../whatsapp/error-codes.ts';
import { afterGatewayClosed } from '../whatsapp/session-window.ts';
import { makeTakeTemplateWord, type TakeTemplateWordDeps } from './handle-template-status.ts';
import type { CallbackStore, Orphan } from './ports.ts';

/*
 * One status callback: find what it is about, by our id, by one that was derived from it, else by WhatsApp's; let
 * the message climb, and do what the class of its error code asks for. A failure that passes puts it back into the
 * queue, or lets it wait for its customer, in the same write. A callback that comes before the send's answer is
 * stored may name WhatsApp's id only: it is kept, and the sweeper looks again.
 */

export interface TakeStatusDeps extends TakeTemplateWordDeps {
  readonly callbacks: CallbackStore;
  readonly aliases: MessageAliasStore;
  readonly telemetry: Telemetry;
}

export type StatusTaker = (messageId: string | undefined, report: StatusReport) => Promise<void>;

/** After a minute or two the answer is stored; past the resend horizon none comes any more. */
const GIVE_UP_MS = 20 * 60_000;
const FIRST_PAUSE_MS = 20_000;

export function makeTakeStatus(deps: TakeStatusDeps) {
  const { messages, sessions, callbacks, aliases, lane, clock, telemetry } = deps;
  const takeTemplateWord = makeTakeTemplateWord(deps);

  async function applyTo(found: Stored<Message>, report: StatusReport): Promise<void> {
    const errorClass = classIn(report);
    if (isOutdated(found.value, report)) return;
    // First, so that whoever meets the message afterwards finds the window as it is.
    if (errorClass === 'window-shut') await closeWindowOf(found.value);
    const change = (message: Message) => afterStatus(message, report, clock.now());
    const next = change(found.value);
    if (report.status === 'failed' && next !== found.value) countFailure(telemetry, errorClass);
    // Kept before the send that has it: a callback may name nothing else.
    if (next.resends !== found.value.resends) await aliases.keep(wireIdOf(next), next.messageId);
    const stored = await amend(messages, found, change);
    // Erased meanwhile: nothing of it stays.
    if (!stored) await aliases.drop(otherIdsOf(next));
    await actOn(errorClass, found.value);
    if (stored && stored.value.resends !== found.value.resends) await wake(stored.value);
  }

  /** It was taken back: whoever is to send it learns of it. The sweeper comes, should this be lost. */
  async function wake(message: Message): Promise<void> {
    const { status, messageId, notBefore = clock.now() } = message;
    if (status === 'parked') await lane.releaseNext(pairOf(message));
    if (status === 'queued') await lane.wakeWorker(messageId, notBefore);
  }

  /** What a failure's code asks for beside the failure. It may be repeated. */
  async function actOn(errorClass: ErrorClass | undefined, message: Message): Promise<void> {
    if (errorClass !== 'opted-out') return;
    const pair = pairOf(message);
    // The word is as old as the message that it stopped: a later START is not undone by a repeat.
    await recordOptOut(deps, pair, message.sentAt ?? message.createdAt);
    await lane.cancelAll(pair, message.messageId);
  }

  /** The window in which it was sent was none. One that the customer has opened since is another. */
  async function closeWindowOf(message: Message): Promise<void> {
    const sentAt = message.sentAt ?? message.createdAt;
    await amend(sessions, await sessions.get(pairOf(message)), (session) =>
      session.window && session.window.lastInboundAt > sentAt
        ? session
        : afterGatewayClosed(session, clock.now()),
    );
  }

  /** By the messageId that it names: the caller's, or one of our own. */
  async function applyByName(wireId: string, report: StatusReport): Promise<boolean> {
    if (!isMessageId(wireId)) return false;
    const found = await messages.get(wireId);
    if (found) {
      await applyTo(found, { ...report, wireId });
      return true;
    }
    return applyByOtherId(wireId, { ...report, wireId }, { wireId });
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
    if (isTemplate) await takeTemplateWord(found, report, name);
    else await applyTo(found, report);
    return true;
  }

  const takeStatus: StatusTaker = async (messageId, report) => {
    if (retryOf(classIn(report))?.alert) telemetry.count('gateway.alert');
    if (messageId && (await applyByName(messageId, report))) return;
    const { waId, wireId: _, ...kept } = report;
    const keptAt = clock.now();
    // It names nothing that we know, and nothing that could be found later.
    if (!waId) return callbacks.keepRaw(JSON.stringify({ messageId, ...report }), keptAt);
    const waKey = waKeyOf(waId);
    if (await applyByWaKey(waKey, kept)) return;
    await callbacks.keepOrphan({ waKey, report: kept, keptAt }, new Date(keptAt.getTime() + FIRST_PAUSE_MS));
  };

  /** The sweeper's second look. Pauses grow with age; what stays foreign is left to its retention. */
  async function retryOrphans(limit: number): Promise<number> {
    const now = clock.now();
    const orphans: readonly Orphan[] = await callbacks.dueOrphans(now, limit);
    for (const orphan of orphans) {
      if (await applyByWaKey(orphan.waKey, orphan.report)) {
        await callbacks.dropOrphan(orphan);
        continue;
      }
      const age = now.getTime() - orphan.keptAt.getTime();
      const next = age > GIVE_UP_MS ? undefined : new Date(now.getTime() + FIRST_PAUSE_MS + age);
      await callbacks.keepOrphan(orphan, next);
    }
    return orphans.length;
  }

  return { takeStatus, retryOrphans };
}

const classIn = ({ code }: StatusReport): ErrorClass | undefined =>
  code === undefined ? undefined : classOf(code);
