/** Cursors of places that no page gives, as only this service can make them. */
import { createHash } from 'node:crypto';
import { type ListQuery, makeCursors } from '../../../src/lib/http/cursor.ts';
import { systemClock, systemRandom } from '../../../src/lib/platform/clock.ts';
import type { Fleet } from './fleet.ts';

/** Needs a key in the table: some page has had a `next` before. */
export const cursorFor = async (
  { table }: Pick<Fleet, 'table'>,
  { token, place, query }: { token: string; place: string; query: ListQuery },
): Promise<string> => {
  const client = await table.item(`client#${createHash('sha256').update(token).digest('hex')}`);
  const { key = '' } = ((await table.item('salt#cursors')) ?? {}) as { key?: string };
  const halves = [key.slice(0, 22), key.slice(22)].map((half) => Buffer.from(half, 'base64url'));
  const cursorKey = { get: () => Promise.resolve(Buffer.concat(halves)) };
  const cursorsOf = makeCursors({ cursorKey, clock: systemClock, random: systemRandom });
  const caller = { clientId: String(client?.['clientId']), seesAll: false };
  return (await cursorsOf(caller, query).seal(place)) ?? '';
};
