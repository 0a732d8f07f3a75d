import { itemCodec, makeRead, makeVersioned, record } from '../platform/dynamo-codec.ts';
import { as, inline, inSeconds, instant, list, plain } from '../platform/dynamo-fields.ts';
import type { Reads, Table } from '../platform/dynamo-table.ts';
import type { ConsentWord } from '../whatsapp/consent.ts';
import type { Pair } from '../whatsapp/phone.ts';
import type { Session } from '../whatsapp/session-window.ts';
import { endOfAlias } from './person.ts';
import type { SessionStore } from './ports.ts';

type Window = NonNullable<Session['window']>;
type Consent = NonNullable<Session['consent']>;
type Known = NonNullable<Session['known']>;

/** Kept longer than the window: for reads, and to recognise an old inbound message as old. */
const RETENTION_MS = 30 * 86_400_000;

export function makeSessionStore(table: Table): SessionStore {
  return { ...makeSessionReads(table), ...makeVersioned(table.owning('session#'), sessionCodec) };
}

export function makeSessionReads(table: Reads): Pick<SessionStore, 'get' | 'getMany'> {
  return {
    ...makeRead(table, sessionCodec),
    async getMany(pairs) {
      const items = await table.getMany(pairs.map(sessionCodec.pkOf));
      return items.map((item) => item && sessionCodec.fromItem(item));
    },
  };
}

export const sessionCodec = itemCodec<Session, 'pair'>({
  key: 'pair',
  pkOf: ({ business, customer }) => `session#${business}#${customer}`,
  idIn: (pk) => {
    const [, business, customer] = pk.split('#');
    return { business, customer } as Pair;
  },
  fields: {
    window: inline<Window>({ openedAt: instant, lastInboundAt: instant, expiresAt: instant }),
    consent: inline<Consent>({ optedOut: plain, at: as('consentAt', instant) }),
    words: as(
      'consentWords',
      list(
        record<ConsentWord>({
          optedOut: plain,
          at: instant,
          seenAt: instant,
          place: plain,
          of: plain,
          by: plain,
        }),
      ),
    ),
    paceUntil: instant,
    known: inline<Known>({ userIds: plain, namedAt: instant }),
  },
  derived: {
    // An opt-out is kept until the customer opts in.
    expires: (session) => {
      const end = session.consent?.optedOut ? undefined : endOf(session);
      return end && inSeconds(end);
    },
  },
});

/** No earlier than its aliases end: only the session leads an erasure to them. */
function endOf({ window, consent, paceUntil, known }: Session): Date | undefined {
  const last = window?.lastInboundAt ?? consent?.at ?? paceUntil;
  const ends = [last && last.getTime() + RETENTION_MS, known && endOfAlias(known.namedAt).getTime()];
  const latest = Math.max(...ends.map((end) => end ?? 0));
  return latest > 0 ? new Date(latest) : undefined;
}
