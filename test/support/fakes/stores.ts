/** The store ports in memory. They keep every condition that the table keeps; the contract tests say so. */
import type { FlowRequest, Message, MessageId } from '../../../src/lib/domain/message.ts';
import type { Pair } from '../../../src/lib/domain/phone.ts';
import type { Session } from '../../../src/lib/domain/session.ts';
import type { ApiClient, ClientStore, Clock, MessageStore, SessionStore } from '../../../src/lib/ports.ts';
import { type Link, straight } from './link.ts';
import { type Kind, makeShelf, type Watcher } from './shelf.ts';

const inSeconds = (at: Date) => Math.ceil(at.getTime() / 1000);

const SESSION_RETENTION_MS = 30 * 86_400_000;

const messageKind: Kind<MessageId, Message> = {
  idOf: (id) => id,
  keyOf: (message) => message.messageId,
  expiresOf: (message) => inSeconds(message.expiresAt),
  // The request is JSON text in the table, and retention is kept in whole seconds.
  copy: ({ request, ...message }) => ({
    ...structuredClone(message),
    request: request && (JSON.parse(JSON.stringify(request)) as FlowRequest),
    expiresAt: new Date(inSeconds(message.expiresAt) * 1000),
  }),
};

const sessionKind: Kind<Pair, Session> = {
  idOf: ({ business, customer }) => `${business}#${customer}`,
  keyOf: (session) => session.pair,
  expiresOf: ({ lastInboundAt }) => inSeconds(new Date(lastInboundAt.getTime() + SESSION_RETENTION_MS)),
  copy: (session) => structuredClone(session),
};

export interface FakeMessages extends MessageStore {
  /** The same messages, seen over another link. */
  over(link: Link): MessageStore;
  /** Everything that is stored, gone or not. */
  all(): readonly Message[];
  watch(watcher: Watcher<Message>): void;
}

export function fakeMessages(clock: Clock): FakeMessages {
  const shelf = makeShelf(messageKind, clock);

  function over(link: Link): MessageStore {
    return {
      ...shelf.view(link),
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
  return { ...shelf.view(straight), over: (link) => shelf.view(link), all: shelf.all };
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
