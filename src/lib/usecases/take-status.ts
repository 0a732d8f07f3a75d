import { classOf, type ErrorClass } from '../domain/error-book.ts';
import {
  afterReport,
  isMessageId,
  type Message,
  type MessageId,
  pairOf,
  type StatusReport,
  waKeyOf,
} from '../domain/message.ts';
import { afterGatewayClosed } from '../domain/session.ts';
import { parkedAgain, wireIdOf } from '../domain/waiting.ts';
import type {
  CallbackStore,
  Clock,
  ForgottenStore,
  MessageStore,
  SessionStore,
  Stored,
  Telemetry,
} from '../ports.ts';
import { amend } from './amend.ts';
import { recordOptOut } from './fresh-session.ts';
import type { Lane } from './lane.ts';

/*
 * One status callback: find its message by our id, else by WhatsApp's, let it climb, and do what the class of
 * its error code asks for. A callback that comes before the send's answer is stored may name WhatsApp's id
 * only: it is kept, and the sweeper looks again.
 */

export interface TakeStatusDeps {
  readonly messages: MessageStore;
  readonly sessions: SessionStore;
  readonly callbacks: CallbackStore;
  readonly forgotten: ForgottenStore;
  readonly lane: Lane;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

export type StatusTaker = (messageId: string | undefined, report: StatusReport) => Promise<void>;

/** After a minute or two the answer is stored; past the resend horizon none comes any more. */
const GIVE_UP_MS = 20 * 60_000;
const FIRST_PAUSE_MS = 20_000;

export function makeTakeStatus({
  messages,
  sessions,
  callbacks,
  forgotten,
  lane,
  clock,
  telemetry,
}: TakeStatusDeps) {
  async function applyTo(messageId: MessageId, report: StatusReport): Promise<boolean> {
    const found = await messages.get(messageId);
    if (!found) return false;
    const errorClass = report.code === undefined ? undefined : classOf(report.code);
    if (errorClass === 'window-shut') return parkAgain(found, report);
    const stored = await amend(messages, found, (message) => afterReport(message, report));
    await actOn(errorClass, found.value);
    return stored !== undefined;
  }

  /** What a failure's code asks for beside the failure. It may be repeated. */
  async function actOn(errorClass: ErrorClass | undefined, message: Message): Promise<void> {
    const pair = pairOf(message);
    if (errorClass === 'stop-number' || errorClass === 'content-held') telemetry.count('gateway.alert');
    if (errorClass !== 'opted-out') return;
    // The word is as old as the message that it stopped: a later START is not undone by a repeat.
    await recordOptOut({ sessions, forgotten }, pair, message.sentAt ?? message.createdAt);
    await lane.cancelAll(pair, message.messageId);
  }

  /** Failed for a shut window: the ledger's window closes, and a flow that can wait is parked, in one write. */
  async function parkAgain(found: Stored<Message>, report: StatusReport): Promise<boolean> {
    await closeWindowOf(found.value);
    const stored = await amend(messages, found, (m) => parkedAgain(afterReport(m, report), clock.now()));
    if (stored?.value.resends) await callbacks.keepWireId(wireIdOf(stored.value), stored.value.messageId);
    await lane.releaseNext(pairOf(found.value));
    return stored !== undefined;
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

  async function applyByWaKey(waKey: string, report: StatusReport): Promise<boolean> {
    const messageId = await messages.findByWaKey(waKey);
    return messageId !== undefined && applyTo(messageId, report);
  }

  const takeStatus: StatusTaker = async (messageId, report) => {
    if (messageId && isMessageId(messageId)) {
      if (await applyTo(messageId, report)) return;
      const resent = await callbacks.messageOfWireId(messageId);
      if (resent && (await applyTo(resent, report))) return;
    }
    const { waId } = report;
    const keptAt = clock.now();
    // It names nothing that we know, and nothing that could be found later.
    if (!waId) return callbacks.keepRaw(JSON.stringify({ messageId, ...report }), keptAt);
    const waKey = waKeyOf(waId);
    if (await applyByWaKey(waKey, report)) return;
    const { waId: _, ...kept } = report;
    await callbacks.keepOrphan({ waKey, report: kept, keptAt }, new Date(keptAt.getTime() + FIRST_PAUSE_MS));
  };

  /** The sweeper's second look. Pauses grow with age; what stays foreign is left to its retention. */
  async function retryOrphans(limit: number): Promise<number> {
    const now = clock.now();
    const orphans = await callbacks.dueOrphans(now, limit);
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
