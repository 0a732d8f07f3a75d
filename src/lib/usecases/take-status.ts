import { afterReport, isMessageId, type MessageId, type StatusReport } from '../domain/message.ts';
import type { CallbackStore, Clock, MessageStore } from '../ports.ts';
import { amend } from './amend.ts';

/*
 * One status callback: find its message by our id, else by WhatsApp's, and let it climb. A callback that comes
 * before the send's answer is stored may name WhatsApp's id only: it is kept, and the sweeper looks again.
 */

export interface TakeStatusDeps {
  readonly messages: MessageStore;
  readonly callbacks: CallbackStore;
  readonly clock: Clock;
}

export type StatusTaker = (messageId: string | undefined, report: StatusReport) => Promise<void>;

/** After a minute or two the answer is stored; past the resend horizon none comes any more. */
const GIVE_UP_MS = 20 * 60_000;
const FIRST_PAUSE_MS = 20_000;

export function makeTakeStatus({ messages, callbacks, clock }: TakeStatusDeps) {
  async function applyTo(messageId: MessageId, report: StatusReport): Promise<boolean> {
    const stored = await messages.get(messageId);
    if (!stored) return false;
    return (await amend(messages, stored, (message) => afterReport(message, report))) !== undefined;
  }

  async function applyByWaId(report: StatusReport & { readonly waId: string }): Promise<boolean> {
    const messageId = await messages.findByWaId(report.waId);
    return messageId !== undefined && applyTo(messageId, report);
  }

  const takeStatus: StatusTaker = async (messageId, report) => {
    if (messageId && isMessageId(messageId) && (await applyTo(messageId, report))) return;
    const { waId } = report;
    if (!waId || (await applyByWaId({ ...report, waId }))) return;
    const keptAt = clock.now();
    await callbacks.keepOrphan({ waId, report, keptAt }, new Date(keptAt.getTime() + FIRST_PAUSE_MS));
  };

  /** The sweeper's second look. Pauses grow with age; what stays foreign is left to its retention. */
  async function retryOrphans(limit: number): Promise<number> {
    const now = clock.now();
    const orphans = await callbacks.dueOrphans(now, limit);
    for (const orphan of orphans) {
      if (await applyByWaId({ ...orphan.report, waId: orphan.waId })) {
        await callbacks.dropOrphan(orphan);
        continue;
      }
      const age = now.getTime() - orphan.keptAt.getTime();
      await callbacks.keepOrphan(
        orphan,
        age > GIVE_UP_MS ? undefined : new Date(now.getTime() + FIRST_PAUSE_MS + age),
      );
    }
    return orphans.length;
  }

  return { takeStatus, retryOrphans };
}
