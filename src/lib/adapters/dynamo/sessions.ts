import type { Pair } from '../../domain/phone.ts';
import type { Session } from '../../domain/session.ts';
import type { SessionStore } from '../../ports.ts';
import type { Item, Table } from './table.ts';
import { type Codec, makeVersioned } from './versioned.ts';

/** Kept past the window for reading, and so that an old inbound message is known to be old. */
const RETENTION_MS = 30 * 86_400_000;

export function makeSessionStore(table: Table): SessionStore {
  return makeVersioned(table, codec);
}

interface Row {
  readonly openedAt: number;
  readonly lastInboundAt: number;
  readonly expiresAt: number;
}

const codec: Codec<Pair, Session> = {
  pkOf: ({ business, customer }) => `session#${business}#${customer}`,
  keyOf: (session) => session.pair,
  toItem: ({ openedAt, lastInboundAt, expiresAt }) => ({
    openedAt: openedAt.getTime(),
    lastInboundAt: lastInboundAt.getTime(),
    expiresAt: expiresAt.getTime(),
    expires: Math.ceil((lastInboundAt.getTime() + RETENTION_MS) / 1000),
  }),
  fromItem: (item) => {
    const { pk, openedAt, lastInboundAt, expiresAt } = item as Item & Row;
    const [, business, customer] = pk.split('#');
    return {
      pair: { business, customer } as Pair,
      openedAt: new Date(openedAt),
      lastInboundAt: new Date(lastInboundAt),
      expiresAt: new Date(expiresAt),
    };
  },
};
