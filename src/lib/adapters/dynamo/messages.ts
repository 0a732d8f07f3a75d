import type { FlowRequest, Lease, Message, MessageId, TimelineEntry } from '../../domain/message.ts';
import type { MessageStore } from '../../ports.ts';
import type { Item, Table } from './table.ts';
import { type Codec, makeVersioned } from './versioned.ts';

/** Spreads the index of due messages, so that no single partition takes every send's claim and settle. */
const DUE_SHARDS = 4;

const PREFIX = 'message#';
const idOf = (pk: string) => pk.slice(PREFIX.length) as MessageId;

export function makeMessageStore(table: Table): MessageStore {
  return {
    ...makeVersioned(table, codec),
    findByWaId: async (waId) => {
      const pk = await table.keyByWaId(waId);
      return pk === undefined ? undefined : idOf(pk);
    },
    due: async (now, limit) => {
      const shards = Array.from({ length: DUE_SHARDS }, (_, n) => `${PREFIX}${n}`);
      // Any shard may hold the oldest of all.
      const range = { upTo: now, limit };
      const found = await Promise.all(shards.map((shard) => table.dueKeys(shard, range)));
      return found
        .flat()
        .sort((a, b) => a.dueAt - b.dueAt)
        .slice(0, limit)
        .map(({ pk }) => idOf(pk));
    },
  };
}

/** A message's item: instants as epoch ms, the request as JSON text, the rest as it is. */
type Row = Omit<
  Message,
  'messageId' | 'request' | 'lease' | 'dueAt' | 'createdAt' | 'sentAt' | 'expiresAt' | 'timeline'
> & {
  readonly request?: string;
  readonly lease?: Omit<Lease, 'until'> & { readonly until: number };
  readonly dueAt?: number;
  readonly createdAt: number;
  readonly sentAt?: number;
  readonly expires: number;
  readonly timeline: readonly (Omit<TimelineEntry, 'at'> & { readonly at: number })[];
};

const codec: Codec<MessageId, Message> = {
  pkOf: (id) => PREFIX + id,
  keyOf: (message) => message.messageId,
  toItem: ({ messageId, request, lease, dueAt, createdAt, sentAt, expiresAt, timeline, ...plain }) => ({
    ...plain,
    // JSON text: whatever the caller's data holds comes back as it was, however deep.
    request: request && JSON.stringify(request),
    lease: lease && { ...lease, until: lease.until.getTime() },
    due: dueAt && `${PREFIX}${shardOf(messageId)}`,
    dueAt: dueAt?.getTime(),
    createdAt: createdAt.getTime(),
    sentAt: sentAt?.getTime(),
    expires: Math.ceil(expiresAt.getTime() / 1000),
    timeline: timeline.map((entry) => ({ ...entry, at: entry.at.getTime() })),
  }),
  fromItem: (item) => {
    const {
      pk,
      due: _,
      request,
      lease,
      dueAt,
      createdAt,
      sentAt,
      expires,
      timeline,
      ...plain
    } = item as Item & Row;
    return {
      ...plain,
      messageId: idOf(pk),
      request: request === undefined ? undefined : (JSON.parse(request) as FlowRequest),
      lease: lease && { ...lease, until: new Date(lease.until) },
      dueAt: instant(dueAt),
      createdAt: new Date(createdAt),
      sentAt: instant(sentAt),
      expiresAt: new Date(expires * 1000),
      timeline: timeline.map((entry) => ({ ...entry, at: new Date(entry.at) })),
    };
  },
};

function instant(ms: number | undefined): Date | undefined {
  return ms === undefined ? undefined : new Date(ms);
}

function shardOf(id: MessageId): number {
  let sum = 0;
  for (const character of id) sum += character.charCodeAt(0);
  return sum % DUE_SHARDS;
}
