import { AppError } from '../domain/errors.ts';
import { isMessageId } from '../domain/message.ts';
import type { Pair } from '../domain/phone.ts';
import { type MessageView, viewOf } from '../domain/receipt.ts';
import { isOpen } from '../domain/session.ts';
import type { Clock, MessageStore, SessionStore } from '../ports.ts';

/** How one session stands (contract §2, "Others"); instants are ISO 8601, null where there was never one. */
export interface SessionAnswer {
  readonly from: string;
  readonly to: string;
  readonly open: boolean;
  readonly openedAt: string | null;
  readonly expiresAt: string | null;
  readonly lastInboundAt: string | null;
  readonly optedOut: boolean;
  readonly parked: number;
}

export interface ReadDeps {
  readonly messages: MessageStore;
  readonly sessions: SessionStore;
  readonly clock: Clock;
  readonly sessionMarginSeconds: number;
}

export function makeRead({ messages, sessions, clock, sessionMarginSeconds }: ReadDeps) {
  /** Another client's message reads as one that isn't there: nothing is disclosed. */
  async function message(id: string, reader: { clientId: string; seesAll: boolean }): Promise<MessageView> {
    const stored = isMessageId(id) ? await messages.get(id) : undefined;
    if (!stored || !(reader.seesAll || stored.value.clientId === reader.clientId)) {
      throw new AppError('not-found', 'There is no such message.');
    }
    return viewOf(stored.value);
  }

  async function session(pair: Pair): Promise<SessionAnswer> {
    const stored = (await sessions.get(pair))?.value;
    return {
      from: pair.business,
      to: pair.customer,
      open: isOpen(stored, clock.now(), sessionMarginSeconds),
      openedAt: stored?.openedAt.toISOString() ?? null,
      expiresAt: stored?.expiresAt.toISOString() ?? null,
      lastInboundAt: stored?.lastInboundAt.toISOString() ?? null,
      optedOut: false,
      parked: 0,
    };
  }

  return { message, session };
}
