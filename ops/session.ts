/** session: the state of a customer's session window, and whether a flow may be sent now. */

import { makeRead, type SessionAnswer } from '../src/lib/messages/read.ts';
import { customerIn, type Pair, type PhoneNumber, storedPhoneNumber } from '../src/lib/whatsapp/phone.ts';
import { masked } from './masks.ts';
import type { Place } from './place.ts';
import { misuse, plural, type Report } from './report.ts';
import { openStores } from './stores.ts';
import { ago, bothTimes } from './times.ts';

const businessOf = (text: string): PhoneNumber => {
  const number = storedPhoneNumber(text);
  if (!number) throw misuse('<from> must be a phone number with its country code');
  return number;
};

const customerOf = (text: string): Pair['customer'] => {
  const customer = customerIn(text);
  if (!customer) throw misuse('<to> must be a phone number with its country code, or a WhatsApp user id');
  return customer;
};

const moment = (iso: string | null, now: Date): string =>
  iso ? `${bothTimes(new Date(iso))}, ${ago(new Date(iso), now)}` : 'never';

const windowLine = ({ open, expiresAt }: SessionAnswer, now: Date): string => {
  if (open) return `open, until ${moment(expiresAt, now)}`;
  return expiresAt ? `closed, since ${moment(expiresAt, now)}` : 'closed: the customer has not written yet';
};

const mayBeWrittenTo = ({ open, optedOut, parked }: SessionAnswer): string => {
  if (optedOut) return 'nothing may be sent: the customer has opted out';
  if (open) return 'flows may be sent now';
  return `the customer has to write first${parked > 0 ? '; then the parked flows go out' : ''}`;
};

export const showSession = async (
  place: Place,
  { from, to, showNumbers }: { from: string; to: string; showNumbers?: boolean },
): Promise<Report> => {
  const pair = { business: businessOf(from), customer: customerOf(to) };
  const stores = openStores(place);
  const read = makeRead({ ...stores, sessionMarginSeconds: place.settings.SESSION_MARGIN_SECONDS });
  const session = await read.session(pair);
  const now = stores.clock.now();
  const number = showNumbers ? (text: string) => text : masked;
  const shown = { ...session, from: number(session.from), to: number(session.to) };
  return {
    lines: [
      `from, to  ${shown.from}, ${shown.to}`,
      `window    ${windowLine(session, now)}`,
      `opened    ${moment(session.openedAt, now)}`,
      `inbound   ${moment(session.lastInboundAt, now)}`,
      `opt-out   ${session.optedOut ? 'yes' : 'no'}`,
      `parked    ${plural(session.parked, 'flow')}`,
      `next      ${mayBeWrittenTo(session)}`,
    ],
    data: shown,
  };
};
