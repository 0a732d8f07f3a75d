import { createHash } from 'node:crypto';
import { attributes } from '../platform/dynamo-codec.ts';
import { as, instant, plain, seconds } from '../platform/dynamo-fields.ts';
import type { Table } from '../platform/dynamo-table.ts';
import { makeRawCallbackStore } from './dynamo-raw-callbacks.ts';
import { templateStatusCodec } from './dynamo-template-statuses.ts';
import { isEarlier, isOfAnotherNumber } from './inbound-record.ts';
import type { CallbackStore, InboundRecord } from './ports.ts';

const DAY_MS = 86_400_000;
/** Longer than WhatsApp repeats a webhook (7 days). */
const INBOUND_DAYS = 8;
const TRIES = 5;

const later = (at: Date, days: number) => new Date(at.getTime() + days * DAY_MS);

const keepUntil = as('expires', seconds);

interface StoredInbound extends Omit<InboundRecord, 'id'> {
  readonly keepUntil: Date;
}

const inboundAttributes = attributes<StoredInbound>({
  fields: { writtenAt: as('at', instant), seenAt: instant, place: plain, business: plain, keepUntil },
});

export function makeCallbackStore(
  table: Table,
  keyOfLists?: () => Promise<string | undefined>,
): CallbackStore {
  const items = table.owning('inbound#', 'template-status#');

  /**
   * The first record of this id at its number. The key of 0.1 is the id's alone: a second number with the same id has a key of
   * its own, and a usual message costs no further call.
   */
  async function remember(own: InboundRecord, now: Date): Promise<InboundRecord> {
    // Hashed, because WhatsApp's ids contain the customer's number in base64.
    const first = await rememberAt(`inbound#${digestOf(own.id)}`, own, now);
    if (first !== 'of another number') return first;
    const again = await rememberAt(`inbound#${digestOf(`${own.business} ${own.id}`)}`, own, now);
    return again === 'of another number' ? own : again;
  }

  /** A copy that arrived earlier and is handled later corrects the record. */
  async function rememberAt(
    pk: string,
    own: InboundRecord,
    now: Date,
  ): Promise<InboundRecord | 'of another number'> {
    const { id, ...fields } = own;
    const first = inboundAttributes.encode({ ...fields, keepUntil: later(now, INBOUND_DAYS) });
    let { done, stored } = await items.create({ ...first, pk });
    for (let tries = 0; !done && stored && tries < TRIES; tries += 1) {
      const { keepUntil, ...known } = inboundAttributes.decode(stored.value);
      if (isOfAnotherNumber(own, known)) return 'of another number';
      if (!isEarlier(own, known)) return { id, ...known };
      const corrected = inboundAttributes.encode({ ...fields, keepUntil });
      ({ done, stored } = await items.replace({ ...corrected, pk }, stored.revision));
    }
    return own;
  }

  return {
    ...makeRawCallbackStore(table, keyOfLists),
    remember,
    keepTemplateStatus: (status) =>
      items.overwrite({ ...templateStatusCodec.toItem(status), pk: templateStatusCodec.pkOf(status.id) }),
  };
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
