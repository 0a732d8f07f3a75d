/** The store ports in memory. They enforce every condition that the table enforces; the contract tests prove it. */

import type { ApiClient, ClientStore } from '../../../src/lib/clients/ports.ts';
import {
  type FlowRequest,
  isAwaitingReply,
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

/** The state of a message in the table's index by pair: each message has one state only. */
function stageOf(message: Message): 'waiting' | 'open' | 'answered' | 'done' {
  if (isInRecipientQueue(message)) return 'waiting';
  if (message.reply) return 'answered';
  return isAwaitingReply(message) ? 'open' : 'done';
}

function byAge(a: Message, b: Message): number {
  return a.createdAt.getTime() - b.createdAt.getTime() || (a.messageId < b.messageId ? -1 : 1);
}

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
    interface Range {
      readonly pair: Pair;
      readonly limit: number;
      readonly newestFirst?: true;
    }
    const ofPair = (call: string, { pair, limit, newestFirst }: Range, stage?: string) =>
      link(call, () =>
        shelf
          .all()
          .filter((m) => m.from === pair.business && (m.customer ?? m.to) === pair.customer)
          .filter((m) => stage === undefined || stageOf(m) === stage)
          .sort((a, b) => stageOf(a).localeCompare(stageOf(b)) || byAge(a, b) * (newestFirst ? -1 : 1))
          .slice(0, limit)
          .map(({ messageId }) => messageId),
      );
    return {
      ...shelf.view(link),
      waiting: (pair, limit) => ofPair('waiting', { pair, limit }, 'waiting'),
      awaitingReply: (pair, limit) => ofPair('answerable', { pair, limit, newestFirst: true }, 'open'),
      replied: (pair, limit) => ofPair('answered', { pair, limit, newestFirst: true }, 'answered'),
      others: (pair, limit) => ofPair('others', { pair, limit, newestFirst: true }, 'done'),
      ofPair: (pair, limit) => ofPair('ofPair', { pair, limit }),
      findByWaKey: (waKey) =>
        link('findByWaKey', () => shelf.all().find((m) => m.waId && waKeyOf(m.waId) === waKey)?.messageId),
      findByWaId: (waId) => link('findByWaId', () => shelf.all().find((m) => m.waId === waId)?.messageId),
      due: (now, limit) =>
        link('due', () =>
          shelf
            .all()
            .flatMap(({ messageId, dueAt }) => (dueAt && dueAt <= now ? [{ messageId, dueAt }] : []))
            .sort((a, b) => a.dueAt.getTime() - b.dueAt.getTime())
            .slice(0, limit)
            .map(({ messageId }) => messageId),
        ),
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

export interface FakeClients extends ClientStore {
  add(hash: string, client: ApiClient & { readonly revokedAt?: Date }): void;
}

export function fakeClients(link: Link = straight): FakeClients {
  const clients = new Map<string, ApiClient & { readonly revokedAt?: Date }>();
  return {
    add: (hash, client) => {
      clients.set(hash, client);
    },
    byTokenHash: (hash) =>
      link('byTokenHash', () => {
        const { clientId, scopes, revokedAt } = clients.get(hash) ?? {};
        return clientId !== undefined && scopes && !revokedAt ? { clientId, scopes: [...scopes] } : undefined;
      }),
  };
}
