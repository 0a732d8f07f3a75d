import * as z from 'zod';
import type { RawCallback, RawCallbackStore, RawPlace } from '../callbacks/ports.ts';
import type { Message } from '../messages/message.ts';
import { isWithinNamespace } from '../messages/namespaced.ts';
import type { MessageStore } from '../messages/ports.ts';
import { viewOf } from '../messages/receipt.ts';
import { mapEnded } from '../platform/all-ended.ts';
import type { Caller } from '../platform/caller.ts';
import { invalidRequest } from '../platform/errors.ts';
import type { Clock } from '../platform/ports.ts';
import type { People } from '../sessions/people.ts';
import type { ErasedOptOutStore, SessionStore } from '../sessions/ports.ts';
import { isUserId } from '../whatsapp/customer.ts';
import type { Pair } from '../whatsapp/phone.ts';
import { consentWordOf, type Session } from '../whatsapp/session-window.ts';

/*
 * What the table holds of one person, for an access request: the session with the STOPs and STARTs, then the messages under
 * each name, the newest first, then the raw callbacks that name the person. A page ends where it grows large.
 */

export interface ExportDeps {
  readonly messages: MessageStore;
  readonly sessions: SessionStore;
  readonly erasedOptOuts: ErasedOptOutStore;
  readonly callbacks: Pick<RawCallbackStore, 'rawNaming'>;
  readonly people: Pick<People, 'pairsOf'>;
  readonly clock: Clock;
}

/** Where the next page begins: among the messages of the nth name, or among the raw callbacks. */
type Place =
  | { readonly of: 'messages'; readonly n: number; readonly before?: string | undefined }
  | { readonly of: 'callbacks'; readonly after?: RawPlace | undefined };

/** A message has 64 KiB at most. */
const MESSAGES = 40;
const AT_ONCE = 16;
const LEFT_MS = 9_000;

const place: z.ZodType<Place> = z.union([
  z.strictObject({
    of: z.literal('messages'),
    n: z.int().min(0).max(200),
    before: z.string().max(300).optional(),
  }),
  z.strictObject({
    of: z.literal('callbacks'),
    after: z
      .strictObject({ partition: z.enum(['raw', 'raw-named']), pk: z.string().max(300), dueAt: z.int() })
      .optional(),
  }),
]);

/**
 * A caller with numbers of its own sees only the raw callbacks that name the business number, too. One with a namespace sees
 * no message of another client outside of it.
 */
interface ExportRun extends Pick<Caller, 'clientId' | 'namespaceKey' | 'numbers'> {
  readonly deadlineAt: Date;
}

export type ExportContact = ReturnType<typeof makeExport>;

export function makeExport(deps: ExportDeps) {
  const { messages, sessions, erasedOptOuts, callbacks, people, clock } = deps;

  async function messagesOf(
    pairs: readonly Pair[],
    { n, before }: Extract<Place, { of: 'messages' }>,
    run: ExportRun,
  ) {
    const pair = pairs[n];
    if (!pair) return { found: [], next: { of: 'callbacks' } as Place };
    const { ids, next } = await messages.page(pair, { limit: MESSAGES, before });
    const stored = await mapEnded(ids, (id) => messages.get(id), { concurrency: AT_ONCE });
    const found = stored.flatMap((one) =>
      one && isWithinNamespace(one.value, run) ? [messageOf(one.value)] : [],
    );
    const after: Place =
      next === undefined ? { of: 'messages', n: n + 1 } : { of: 'messages', n, before: next };
    return { found, next: after };
  }

  async function callbacksOf(
    pairs: readonly Pair[],
    after: RawPlace | undefined,
    { deadlineAt, numbers }: ExportRun,
  ) {
    const isOver = () => clock.now().getTime() > deadlineAt.getTime() - LEFT_MS;
    const customers = pairs.map(({ customer }) => customer);
    const business = numbers && pairs[0]?.business;
    const { found, next } = await callbacks.rawNaming(customers, { business, after, isOver });
    return { found: found.map(callbackOf), next: next && ({ of: 'callbacks', after: next } as Place) };
  }

  return async function exportContact(named: Pair, after: string | undefined, run: ExportRun) {
    const at = after === undefined ? ({ of: 'messages', n: 0 } as const) : placeIn(after);
    const pairs = await people.pairsOf(named);
    const [person, ...ids] = pairs;
    const session = (await sessions.get(person))?.value;
    const known = session ? undefined : await erasedOptOuts.find(person);
    const sent = at.of === 'messages' ? await messagesOf(pairs, at, run) : undefined;
    const raw = at.of === 'callbacks' ? await callbacksOf(pairs, at.after, run) : undefined;
    const next = sent ? sent.next : raw?.next;
    return {
      from: person.business,
      to: person.customer,
      userIds: [...(isUserId(person.customer) ? [person] : []), ...ids].map(({ customer }) => customer),
      session: session ? sessionOf(session) : null,
      /** An opt-out that outlived an erasure. */
      erasedOptOut: known ? known.at.toISOString() : null,
      messages: sent?.found ?? [],
      callbacks: raw?.found ?? [],
      next: next ? Buffer.from(JSON.stringify(next)).toString('base64url') : null,
    };
  };
}

function placeIn(text: string): Place {
  try {
    return place.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
  } catch {
    throw invalidRequest([{ path: 'after', message: 'must be the `next` value of a previous page' }]);
  }
}

const iso = (at: Date | undefined) => at?.toISOString() ?? null;

function sessionOf(session: Session) {
  const { window, paceUntil, words = [], known } = session;
  const latest = consentWordOf(session);
  const all = words.length > 0 ? words : latest ? [latest] : [];
  return {
    openedAt: iso(window?.openedAt),
    lastInboundAt: iso(window?.lastInboundAt),
    expiresAt: iso(window?.expiresAt),
    paceUntil: iso(paceUntil),
    namedAt: iso(known?.namedAt),
    optedOut: latest?.optedOut ?? false,
    consent: all.map(({ optedOut, at, seenAt }) => ({ optedOut, at: iso(at), seenAt: iso(seenAt) })),
  };
}

/** As its client sees it, with the content that is still held. */
function messageOf(message: Message) {
  const { clientId, request } = message;
  return { ...viewOf(message), clientId, content: request ?? null };
}

function callbackOf({ text, keptAt, receivedAt, why, bytes }: RawCallback) {
  return { text, keptAt: iso(keptAt), receivedAt: iso(receivedAt), why: why ?? null, bytes: bytes ?? null };
}
