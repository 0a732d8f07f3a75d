/** The store ports in memory. They enforce every condition that the table enforces; the contract tests prove it. */

import type { ClientStore, ClientToken } from '../../../src/lib/clients/ports.ts';
import {
  type FlowRequest,
  isInRecipientQueue,
  type Message,
  type MessageId,
  waKeyOf,
} from '../../../src/lib/messages/message.ts';
import type { MessageStore } from '../../../src/lib/messages/ports.ts';
import type { Clock } from '../../../src/lib/platform/ports.ts';
import type { TemplateLock, TemplateLockStore } from '../../../src/lib/sending/ports.ts';
import { type AliasKey, endOfAlias, type PersonAlias } from '../../../src/lib/sessions/person.ts';
import type {
  ErasedOptOut,
  ErasedOptOutStore,
  PersonAliasStore,
  SessionStore,
  TombstoneStore,
} from '../../../src/lib/sessions/ports.ts';
import type { Pair } from '../../../src/lib/whatsapp/phone.ts';
import type { Session } from '../../../src/lib/whatsapp/session-window.ts';
import { type Link, straight } from './link.ts';
import { type Kind, makeShelf, type Watcher } from './shelf.ts';

const inSeconds = (at: Date) => Math.ceil(at.getTime() / 1000);

const SESSION_RETENTION_MS = 30 * 86_400_000;

const messageKind: Kind<MessageId, Message> = {
  idOf: (id) => id,
  keyOf: (message) => message.messageId,
  expiresOf: (message) => inSeconds(message.expiresAt),
  // The table stores the request as JSON text, and retention in whole seconds.
  copy: ({ request, ...message }) => ({
    ...structuredClone(message),
    request: request && (JSON.parse(JSON.stringify(request)) as FlowRequest),
    expiresAt: new Date(inSeconds(message.expiresAt) * 1000),
  }),
};

const sessionKind: Kind<Pair, Session> = {
  idOf: ({ business, customer }) => `${business}#${customer}`,
  keyOf: (session) => session.pair,
  expiresOf: ({ window, consent, paceUntil, known }) => {
    const last = window?.lastInboundAt ?? consent?.at ?? paceUntil;
    if (consent?.optedOut || !(last || known)) return undefined;
    const ofLast = last ? last.getTime() + SESSION_RETENTION_MS : 0;
    return inSeconds(new Date(Math.max(ofLast, known ? endOfAlias(known.namedAt).getTime() : 0)));
  },
  copy: (session) => structuredClone(session),
};

const templateLockKind: Kind<string, TemplateLock> = {
  idOf: (key) => key,
  keyOf: ({ key }) => key,
  expiresOf: ({ until }) => inSeconds(until),
  copy: (lock) => ({ ...structuredClone(lock), until: new Date(inSeconds(lock.until) * 1000) }),
};

function byAge(a: Message, b: Message): number {
  return a.createdAt.getTime() - b.createdAt.getTime() || (a.messageId < b.messageId ? -1 : 1);
}

const placeOf = ({ createdAt, messageId }: Message) => `${createdAt.toISOString()} ${messageId}`;

const unknownSince = ({ timeline, createdAt }: Message): number =>
  (timeline.findLast(({ status }) => status === 'unknown')?.at ?? createdAt).getTime();

/** A page of a scan has a megabyte of items. */
const SCAN_PAGE = 100;

const hashOf = (id: string) =>
  [...id].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) % 1_000_003, 7);

export interface FakeMessages extends MessageStore {
  /** The same messages, over another link. */
  over(link: Link): MessageStore;
  /** Everything that is stored, expired or not. */
  all(): readonly Message[];
  watch(watcher: Watcher<Message>): void;
}

export function fakeMessages(clock: Clock): FakeMessages {
  const shelf = makeShelf(messageKind, clock);

  function over(link: Link): MessageStore {
    const ofPair = ({ business, customer }: Pair) =>
      shelf
        .all()
        .filter((m) => m.from === business && (m.customer ?? m.to) === customer)
        .sort(byAge);
    const idsOf = (found: readonly Message[]) => found.map(({ messageId }) => messageId);
    return {
      ...shelf.view(link),
      waiting: (pair, limit) =>
        link('waiting', () => idsOf(ofPair(pair).filter(isInRecipientQueue).slice(0, limit))),
      latest: (pair, limit) =>
        link('latest', () => {
          const outside = ofPair(pair).filter((m) => !isInRecipientQueue(m));
          return idsOf(outside.reverse().slice(0, limit));
        }),
      page: (pair, { limit, before }) =>
        link('page', () => {
          const found = ofPair(pair).reverse();
          const left = found.filter((m) => before === undefined || placeOf(m) < before);
          const last = left[limit - 1];
          return {
            ids: idsOf(left.slice(0, limit)),
            next: last && left.length > limit ? placeOf(last) : undefined,
          };
        }),
      ofPair: (pair, limit) => link('ofPair', () => idsOf(ofPair(pair).slice(0, limit))),
      findByWaKey: (waKey) =>
        link('findByWaKey', () => shelf.all().find((m) => m.waId && waKeyOf(m.waId) === waKey)?.messageId),
      findByWaId: (waId) => link('findByWaId', () => shelf.all().find((m) => m.waId === waId)?.messageId),
      due: (now, limit) =>
        link('due', () =>
          shelf
            .all()
            .flatMap(({ messageId, lease, dueAt }) =>
              !lease && dueAt && dueAt <= now ? [{ messageId, dueAt }] : [],
            )
            .sort((a, b) => a.dueAt.getTime() - b.dueAt.getTime())
            .slice(0, limit)
            .map(({ messageId }) => messageId),
        ),
      unknown: (upTo, limit) =>
        link('unknown', () => {
          const found = shelf.all().filter((m) => m.status === 'unknown' && !m.dueAt);
          const byThen = found.filter((m) => unknownSince(m) <= upTo.getTime());
          return idsOf(byThen.sort((a, b) => unknownSince(a) - unknownSince(b)).slice(0, limit));
        }),
      abandoned: ({ segment, of }, { now, after = '' }) =>
        link('abandoned', () => {
          const part = shelf
            .all()
            .filter(({ messageId }) => hashOf(messageId) % of === segment && messageId > after)
            .sort((a, b) => (a.messageId < b.messageId ? -1 : 1));
          const page = part.slice(0, SCAN_PAGE);
          const found = page.filter(({ lease, dueAt }) => lease && dueAt && dueAt <= now);
          const next = part.length > SCAN_PAGE ? page.at(-1)?.messageId : undefined;
          return { ids: found.map(({ messageId }) => messageId), next };
        }),
    };
  }

  return { ...over(straight), over, all: shelf.all, watch: shelf.watch };
}

export interface FakeSessions extends SessionStore {
  over(link: Link): SessionStore;
  all(): readonly Session[];
}

export function fakeSessions(clock: Clock): FakeSessions {
  const shelf = makeShelf(sessionKind, clock);
  const over = (link: Link): SessionStore => {
    const view = shelf.view(link);
    return {
      ...view,
      getMany: async (pairs) =>
        (await Promise.all(pairs.map((pair) => view.get(pair)))).map((stored) => stored?.value),
    };
  };
  return { ...over(straight), over, all: shelf.all };
}

const personAliasKind: Kind<AliasKey, PersonAlias> = {
  idOf: ({ business, userId }) => `${business}#${userId}`,
  keyOf: ({ key }) => key,
  expiresOf: ({ namedAt }) => inSeconds(endOfAlias(namedAt)),
  copy: (alias) => structuredClone(alias),
};

export interface FakePersonAliases extends PersonAliasStore {
  over(link: Link): PersonAliasStore;
  all(): readonly PersonAlias[];
}

export function fakePersonAliases(clock: Clock): FakePersonAliases {
  const shelf = makeShelf(personAliasKind, clock);
  return { ...shelf.view(straight), over: (link) => shelf.view(link), all: shelf.all };
}

export interface FakeInvitations extends TemplateLockStore {
  over(link: Link): TemplateLockStore;
  all(): readonly TemplateLock[];
}

export function fakeTemplateLocks(clock: Clock): FakeInvitations {
  const shelf = makeShelf(templateLockKind, clock);
  return { ...shelf.view(straight), over: (link) => shelf.view(link), all: shelf.all };
}

export interface FakeForgotten extends ErasedOptOutStore {
  over(link: Link): ErasedOptOutStore;
}

export function fakeErasedOptOuts(): FakeForgotten {
  const pairs = new Map<string, ErasedOptOut>();
  const erased = new Set<string>();
  const keyOf = ({ business, customer }: Pair) => `${business} ${customer}`;
  const over = (link: Link): ErasedOptOutStore => ({
    optedOutAt: (pair) => link('optedOutAt', () => pairs.get(keyOf(pair))?.at),
    find: (pair) => link('optedOutAt', () => pairs.get(keyOf(pair))),
    whoOptedOut: (asked) => link('whoOptedOut', () => asked.map((pair) => pairs.has(keyOf(pair)))),
    remember: (pair, at, { seenAt, place } = {}) =>
      link('remember-forgotten', () => void pairs.set(keyOf(pair), { at, seenAt, place })),
    forget: (pair) => link('forget', () => void pairs.delete(keyOf(pair))),
    noteErasure: (pair) => link('note-erasure', () => void erased.add(keyOf(pair))),
    wasErased: (pair) => link('was-erased', () => erased.has(keyOf(pair))),
  });
  return { ...over(straight), over };
}

export interface FakeTombstones extends TombstoneStore {
  over(link: Link): TombstoneStore;
}

export function fakeTombstones(): FakeTombstones {
  const erased = new Map<string, Date>();
  const keyOf = ({ business, customer }: Pair) => `${business} ${customer}`;
  const over = (link: Link): TombstoneStore => ({
    bury: (pair, at) => link('bury', () => void erased.set(keyOf(pair), at)),
    erasedAt: (pair) => link('erased-at', () => erased.get(keyOf(pair))),
    erasedSince: (business, since) =>
      link('erased-since', () => {
        const found = new Set([...erased].filter(([, at]) => at >= since).map(([key]) => key));
        return (customer) => found.has(keyOf({ business, customer }));
      }),
  });
  return { ...over(straight), over };
}

export interface FakeClients extends ClientStore {
  add(hash: string, token: ClientToken): void;
}

export function fakeClients(link: Link = straight): FakeClients {
  const tokens = new Map<string, ClientToken>();
  return {
    add: (hash, token) => {
      tokens.set(hash, token);
    },
    byTokenHash: (hash) => link('byTokenHash', () => tokens.get(hash)),
    noteUse: (hash, day) =>
      link('noteUse', () => {
        const token = tokens.get(hash);
        if (token && (token.lastUsedOn ?? '') < day) tokens.set(hash, { ...token, lastUsedOn: day });
      }),
  };
}
