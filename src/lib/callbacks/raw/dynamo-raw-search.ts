import { mapEnded } from '../../platform/all-ended.ts';
import type { DueKey } from '../../platform/dynamo-reads.ts';
import type { Table } from '../../platform/dynamo-table.ts';
import type { CustomerId } from '../../whatsapp/customer.ts';
import { isNamedIn, type PhoneNumber } from '../../whatsapp/phone.ts';
import type { RawCallback, RawCallbackStore } from '../ports.ts';

/** At once for a reader: each has 256 KiB at most, and a response 6 MB. */
const SHOWN = 8;
const SHOWN_BYTES = 1024 * 1024;
const END_OF_TIME = new Date(8.64e15);

/** Reads all raw callbacks of these partitions, in their order, page by page. */
export function makeRawSearch(
  table: Table,
  partitions: readonly string[],
  rawAt: (key: DueKey) => Promise<RawCallback | undefined>,
): RawCallbackStore['rawNaming'] {
  return async function rawNaming(customers, { business, after, isOver = () => false } = {}) {
    const found: RawCallback[] = [];
    let bytes = 0;
    for (const partition of partitions) {
      if (after && partition < after.partition) continue;
      let last: DueKey | undefined = after?.partition === partition ? after : undefined;
      for (;;) {
        const keys = await table.dueKeys(partition, { upTo: END_OF_TIME, limit: SHOWN, after: last });
        for (const raw of await mapEnded(keys, rawAt, { concurrency: SHOWN })) {
          if (!raw || !isAbout(raw.text, customers, business)) continue;
          found.push(raw);
          bytes += Buffer.byteLength(raw.text);
        }
        last = keys.at(-1) ?? last;
        if (keys.length < SHOWN) break;
        if (last && (bytes > SHOWN_BYTES || isOver())) return { found, next: { ...last, partition } };
      }
    }
    return { found, next: undefined };
  };
}

/** Does the text name one of the customers, and the business number if one is given, in any spelling? */
export function isAbout(
  text: string,
  customers: readonly CustomerId[],
  business: PhoneNumber | undefined,
): boolean {
  if (business !== undefined && !isNamedIn(text, business)) return false;
  return customers.some((customer) => isNamedIn(text, customer));
}
