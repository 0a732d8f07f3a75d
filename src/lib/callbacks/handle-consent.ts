import type { Moved, Preference } from '../lipachat/callback.ts';
import type { RecipientQueue } from '../messages/recipient-queue.ts';
import type { Telemetry } from '../platform/ports.ts';
import { recordOptOut } from '../sessions/opt-out-record.ts';
import type { ErasedOptOutStore, SessionStore } from '../sessions/ports.ts';
import { afterConsent, hasOptedOut } from '../whatsapp/session-window.ts';
import type { EntryRun } from './callback-run.ts';
import { readSession, writeSession } from './customer-session.ts';
import { writtenAtOf } from './handle-inbound.ts';

/*
 * Handles changes of consent that are no message, and so open no window:
 *
 * - a choice in WhatsApp's settings counts like a STOP or START, in the same order (`whatsapp/consent.ts`);
 * - a customer who changes the number stays opted out under the new one.
 */

export interface HandleConsentDeps {
  readonly sessions: SessionStore;
  readonly erasedOptOuts: ErasedOptOutStore;
  readonly recipientQueue: RecipientQueue;
  readonly telemetry: Telemetry;
}

export function makeHandleConsent(deps: HandleConsentDeps) {
  const { sessions, recipientQueue, telemetry } = deps;

  async function handlePreference({ pair, optedOut, writtenAt }: Preference, run: EntryRun): Promise<void> {
    const { receivedAt: seenAt, place, correlationId } = run;
    const word = { optedOut, at: writtenAtOf(writtenAt, seenAt), seenAt, place };
    const session = await writeSession(deps, await readSession(deps, pair), (before) =>
      afterConsent(before, word),
    );
    if (hasOptedOut(session)) await recipientQueue.cancelAll(pair, correlationId);
  }

  /**
   * Copies an opt-out to the new number, dated like the move. A move without a time keeps the opt-out's own date, so that a
   * repeat does not undo a later START. An opt-in is not copied: it was given under the old number.
   */
  async function handleMoved({ pair, to, writtenAt }: Moved, run: EntryRun): Promise<void> {
    const { correlationId, receivedAt } = run;
    const customer = to.number ?? to.userId;
    telemetry.info('callback.moved', { correlationId });
    if (customer === undefined || customer === pair.customer) return;
    const { found, fresh } = await readSession(deps, pair);
    const { consent } = found?.value ?? fresh;
    if (!consent?.optedOut) return;
    const at = writtenAt ? writtenAtOf(writtenAt, receivedAt) : consent.at;
    const next = { business: pair.business, customer };
    await recordOptOut(deps, next, at);
    const after = await sessions.get(next);
    if (!after || hasOptedOut(after.value)) await recipientQueue.cancelAll(next, correlationId);
  }

  return { handlePreference, handleMoved };
}
