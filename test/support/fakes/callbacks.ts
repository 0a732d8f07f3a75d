/** The store of callbacks, in memory. */

import { isEarlier, isOfAnotherNumber } from '../../../src/lib/callbacks/inbound-record.ts';
import type { CallbackStore, InboundRecord, RawCallback } from '../../../src/lib/callbacks/ports.ts';
import { isAbout } from '../../../src/lib/callbacks/raw/dynamo-raw-search.ts';
import type { TemplateStatus } from '../../../src/lib/lipachat/callback.ts';
import type { Clock } from '../../../src/lib/platform/ports.ts';
import { type Link, straight } from './link.ts';

const DAY_MS = 86_400_000;
const INBOUND_MS = 8 * DAY_MS;
const RAW_MS = 30 * DAY_MS;

interface Kept<T> {
  readonly value: T;
  readonly until: number;
}

export interface FakeCallbacks extends CallbackStore {
  over(link: Link): CallbackStore;
  /** The raw callbacks stored now. */
  raw(): readonly string[];
  /** The template statuses, the latest of each id. */
  templates(): readonly TemplateStatus[];
}

export function fakeCallbacks(clock: Clock): FakeCallbacks {
  const inbound = new Map<string, Kept<InboundRecord>>();
  const raw = new Map<string, Kept<RawCallback>>();
  const templates = new Map<string, Kept<TemplateStatus>>();

  const isAlive = (kept: Kept<unknown> | undefined) =>
    kept !== undefined && kept.until > clock.now().getTime();
  const values = <T>(all: Iterable<Kept<T>>) => [...all].filter(isAlive).map(({ value }) => value);

  function over(link: Link): CallbackStore {
    return {
      remember: (record, now) =>
        link('remember', () => {
          const known = inbound.get(record.id);
          const isTaken = known && isAlive(known) && isOfAnotherNumber(record, known.value);
          const key = isTaken ? `${record.business} ${record.id}` : record.id;
          const first = inbound.get(key);
          const isFirst = !isAlive(first) || !first;
          if (!isFirst && !isEarlier(record, first.value)) return first.value;
          const until = isFirst ? now.getTime() + INBOUND_MS : first.until;
          inbound.set(key, { value: { ...record }, until });
          return { ...record };
        }),
      keepRaw: (text, now, facts) =>
        link('keepRaw', () => {
          if (isAlive(raw.get(text))) return;
          const value = { id: text, text, keptAt: now, bytes: Buffer.byteLength(text), ...facts };
          raw.set(text, { value, until: now.getTime() + RAW_MS });
        }),
      listRaw: (limit) => link('listRaw', () => values(raw.values()).slice(0, limit)),
      dropRaw: (id) => link('dropRaw', () => void raw.delete(id)),
      rawNaming: (customers, { business } = {}) =>
        link('rawNaming', () => ({
          found: values(raw.values()).filter(({ text }) => isAbout(text, customers, business)),
          next: undefined,
        })),
      dropRawNaming: (customers, { business } = {}) =>
        link('dropRawNaming', () => {
          const named = values(raw.values()).filter(({ text }) => isAbout(text, customers, business));
          for (const { id } of named) raw.delete(id);
          return { dropped: named.length, next: undefined };
        }),
      keepTemplateStatus: (status) =>
        link('keepTemplateStatus', () => {
          templates.set(status.id, { value: { ...status }, until: status.at.getTime() + RAW_MS });
        }),
    };
  }

  return {
    ...over(straight),
    over,
    raw: () => values(raw.values()).map(({ text }) => text),
    templates: () => values(templates.values()),
  };
}
