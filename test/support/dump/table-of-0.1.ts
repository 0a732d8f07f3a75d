/**
 * A table that the bundles of version 0.1 filled, with each request, and how 0.1 itself repeated its answer: sends of every
 * end, callbacks, parked flows, resends, and a process that was cut off in mid-send.
 */
import { readFileSync } from 'node:fs';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

interface Send {
  readonly request: { readonly messageId: string; readonly to: string; readonly from: string };
  /** Absent if the process was cut off. */
  readonly replay?: { readonly status: number; readonly body: string };
  readonly status?: string;
}

interface Table {
  readonly at: string;
  readonly sends: Readonly<Record<string, Send>>;
  readonly deliveries: readonly { readonly messageId: string; readonly to: string; readonly waId: string }[];
  readonly items: readonly Record<string, AttributeValue>[];
}

/** The token of its one client. */
export const TOKEN_OF_01 = 't'.repeat(40);

export const tableOf01 = JSON.parse(
  readFileSync(new URL('table-0.1.json', import.meta.url), 'utf8'),
) as Table;

/** The items as if 0.1 had written them just now: nothing has expired, and a lease is as young as it was. */
export const itemsOfNow = (): Record<string, AttributeValue>[] => {
  const ms = Date.now() - new Date(tableOf01.at).getTime();
  const moved = (digits: string): string => {
    if (/^179\d{10}$|^180\d{10}$/.test(digits)) return String(Number(digits) + ms);
    return /^179\d{7}$|^180\d{7}$/.test(digits) ? String(Number(digits) + Math.ceil(ms / 1000)) : digits;
  };
  const revive = (key: string, value: unknown): unknown =>
    key === 'N' && typeof value === 'string' ? moved(value) : value;
  return JSON.parse(JSON.stringify(tableOf01.items), revive);
};
