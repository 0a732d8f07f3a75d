import { itemCodec, makeRead, makeVersioned, prefixed } from '../platform/dynamo-codec.ts';
import { inSeconds, instant, plain } from '../platform/dynamo-fields.ts';
import type { Reads, Table } from '../platform/dynamo-table.ts';
import type { PhoneNumber } from '../whatsapp/phone.ts';
import type { RateLimitStore, StoredRateLimit } from './ports.ts';

/** By then the number is back at its full rate. */
const RETENTION_S = 7 * 86_400;

export const rateLimitCodec = itemCodec<StoredRateLimit, 'business'>({
  key: 'business',
  ...prefixed<PhoneNumber>('number#'),
  fields: { perMinute: plain, slowedAt: instant },
  derived: { expires: ({ slowedAt }) => inSeconds(slowedAt) + RETENTION_S },
});

export function makeRateLimitStore(table: Table): RateLimitStore {
  return makeVersioned(table.owning('number#'), rateLimitCodec);
}

export function makeRateLimitReads(table: Reads): Pick<RateLimitStore, 'get'> {
  return makeRead(table, rateLimitCodec);
}
