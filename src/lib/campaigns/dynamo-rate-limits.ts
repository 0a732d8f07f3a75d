import { makeVersioned } from '../platform/dynamo-store.ts';
import type { Item, Table } from '../platform/dynamo-table.ts';
import type { PhoneNumber } from '../whatsapp/phone.ts';
import type { RateLimitStore } from './ports.ts';

const PREFIX = 'number#';
/** Long after the pace has recovered. */
const KEPT_S = 7 * 86_400;

export function makeRateLimitStore(table: Table): RateLimitStore {
  return makeVersioned(table, {
    pkOf: (business: PhoneNumber) => PREFIX + business,
    keyOf: ({ business }) => business,
    toItem: ({ perMinute, slowedAt }) => ({
      perMinute,
      slowedAt: slowedAt.getTime(),
      expires: Math.ceil(slowedAt.getTime() / 1000) + KEPT_S,
    }),
    fromItem: (item) => {
      const { pk, perMinute, slowedAt } = item as Item & { perMinute: number; slowedAt: number };
      return { business: pk.slice(PREFIX.length) as PhoneNumber, perMinute, slowedAt: new Date(slowedAt) };
    },
  });
}
