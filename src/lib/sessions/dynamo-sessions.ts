import { type Codec, makeVersioned } from '../platform/dynamo-store.ts';
import type { Item, Table } from '../platform/dynamo-table.ts';
import type { Pair } from '../whatsapp/phone.ts';
import type { Session } from '../whatsapp/session-window.ts';
import type { SessionStore } from './ports.ts';

/** Kept past the window for reading, and so that an old inbound message is known to be old. */
const RETENTION_MS = 30 * 86_400_000;

export function makeSessionStore(table: Table): SessionStore {
  return {
    ...makeVersioned(table, sessionCodec),
    async getMany(pairs) {
      const items = await table.getMany(pairs.map(sessionCodec.pkOf));
      return items.map((item) => item && sessionCodec.fromItem(item));
    },
  };
}

interface Row {
  readonly openedAt?: number;
  readonly lastInboundAt?: number;
  readonly expiresAt?: number;
  readonly optedOut?: boolean;
  readonly consentAt?: number;
  readonly paceUntil?: number;
}

export const sessionCodec: Codec<Pair, Session> = {
  pkOf: ({ business, customer }) => `session#${business}#${customer}`,
  keyOf: (session) => session.pair,
  toItem: ({ window, consent, paceUntil }) => ({
    openedAt: window?.openedAt.getTime(),
    lastInboundAt: window?.lastInboundAt.getTime(),
    expiresAt: window?.expiresAt.getTime(),
    optedOut: consent?.optedOut,
    consentAt: consent?.at.getTime(),
    paceUntil: paceUntil?.getTime(),
    // An opt-out stands until it is taken back.
    expires: consent?.optedOut ? undefined : expiryOf(window?.lastInboundAt ?? consent?.at ?? paceUntil),
  }),
  fromItem: (item) => {
    const { pk, openedAt, lastInboundAt, expiresAt, optedOut, consentAt, paceUntil } = item as Item & Row;
    const [, business, customer] = pk.split('#');
    const hasWindow = openedAt !== undefined && lastInboundAt !== undefined && expiresAt !== undefined;
    return {
      pair: { business, customer } as Pair,
      window: hasWindow
        ? {
            openedAt: new Date(openedAt),
            lastInboundAt: new Date(lastInboundAt),
            expiresAt: new Date(expiresAt),
          }
        : undefined,
      consent: consentAt === undefined ? undefined : { optedOut: optedOut ?? false, at: new Date(consentAt) },
      paceUntil: paceUntil === undefined ? undefined : new Date(paceUntil),
    };
  },
};

function expiryOf(last: Date | undefined): number | undefined {
  return last && Math.ceil((last.getTime() + RETENTION_MS) / 1000);
}
