import { allEnded } from '../platform/all-ended.ts';
import { type Caller, mayUseNumber } from '../platform/caller.ts';
import { AppError } from '../platform/errors.ts';
import type { Clock, Stored } from '../platform/ports.ts';
import { freshSession } from '../sessions/opt-out-record.ts';
import type { ErasedOptOutStore, PersonAliasStore, SessionStore } from '../sessions/ports.ts';
import { lookUpPerson, makeSessionOfPerson } from '../sessions/sessions-of-people.ts';
import type { Pair } from '../whatsapp/phone.ts';
import { consentWordOf, hasOptedOut, isOpen } from '../whatsapp/session-window.ts';
import { isMessageId, type Message } from './message.ts';
import { keyIn } from './namespaced.ts';
import type { MessageStore } from './ports.ts';
import { type MessageView, viewOf } from './receipt.ts';

/** A session as the API shows it. Instants are ISO 8601; null if there never was one. */
export interface SessionAnswer {
  readonly from: string;
  readonly to: string;
  readonly open: boolean;
  readonly openedAt: string | null;
  readonly expiresAt: string | null;
  readonly lastInboundAt: string | null;
  readonly optedOut: boolean;
  /** The API client that last set `optedOut`, and when; absent if the customer did, or if nothing has. */
  readonly consent?: { readonly by: string; readonly at: string };
  readonly parked: number;
}

export interface ReadDeps {
  readonly messages: Pick<MessageStore, 'get' | 'waiting'>;
  readonly sessions: Pick<SessionStore, 'get'>;
  readonly personAliases: Pick<PersonAliasStore, 'get'>;
  readonly erasedOptOuts: Pick<ErasedOptOutStore, 'find'>;
  readonly clock: Clock;
  readonly sessionMarginSeconds: number;
}

/** A longer recipient queue is reported as this length. */
const COUNTED = 1_000;

export function makeRead(deps: ReadDeps) {
  const { messages, personAliases, erasedOptOuts, clock, sessionMarginSeconds } = deps;
  const sessionOf = makeSessionOfPerson(deps);

  /** Another client's message is `not-found`, so that its existence isn't disclosed. */
  async function message(id: string, reader: Caller): Promise<MessageView> {
    const stored = await find(id, reader);
    if (!stored) throw new AppError('not-found', 'Message not found.');
    return viewOf(stored.value);
  }

  /** By its key. The recipients of campaigns have none, and neither have messages from before the client's namespace. */
  async function find(id: string, reader: Caller): Promise<Stored<Message> | undefined> {
    if (!isMessageId(id)) return undefined;
    for (const key of new Set([keyIn(reader.namespaceKey, id), id])) {
      const stored = await messages.get(key);
      if (stored && mayRead(stored.value, key === id, reader)) return stored;
    }
    return undefined;
  }

  /** `named`: under a user id, the session of the person's number is shown, if one is known. */
  async function session(named: Pair): Promise<SessionAnswer> {
    const pair = await lookUpPerson(personAliases, named);
    const [found, parked] = await allEnded([sessionOf(named), messages.waiting(pair, COUNTED)]);
    const stored = found?.value ?? (await freshSession(erasedOptOuts, pair));
    const word = consentWordOf(stored);
    return {
      from: named.business,
      to: named.customer,
      open: isOpen(stored, clock.now(), sessionMarginSeconds),
      openedAt: stored.window?.openedAt.toISOString() ?? null,
      expiresAt: stored.window?.expiresAt.toISOString() ?? null,
      lastInboundAt: stored.window?.lastInboundAt.toISOString() ?? null,
      optedOut: hasOptedOut(stored),
      ...(word?.by === undefined ? {} : { consent: { by: word.by, at: word.at.toISOString() } }),
      parked: parked.length,
    };
  }

  return { message, session };
}

/**
 * A client reads its own messages. One that sees all reads those of other clients, too, of its numbers; with a namespace,
 * only those of the namespace, and none by the id that LipaChat and the log have (`byKey`).
 */
function mayRead({ clientId, from }: Message, byKey: boolean, reader: Caller): boolean {
  const isWithin = reader.namespaceKey === undefined || !byKey;
  return mayUseNumber(reader, from) && (clientId === reader.clientId || (reader.seesAll && isWithin));
}
