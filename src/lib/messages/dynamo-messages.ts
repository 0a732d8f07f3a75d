import { type Codec, instant, makeVersioned } from '../platform/dynamo-store.ts';
import type { Item, Table } from '../platform/dynamo-table.ts';
import type { Pair } from '../whatsapp/phone.ts';
import {
  type AmbiguousReply,
  type FlowRequest,
  type Lease,
  type Message,
  type MessageId,
  pairOf,
  type Reply,
  type TemplateMessage,
  type TimelineEntry,
  waKeyOf,
} from './message.ts';
import type { MessageStore } from './ports.ts';
import { isAwaitingReply } from './reply.ts';
import { isInRecipientQueue } from './waiting.ts';

/** Spreads the index of due messages, so that no single partition takes every send's claim and settle. */
const DUE_SHARDS = 4;

const PREFIX = 'message#';
/** The index of a pair's messages: what waits, what may be answered, and the rest. */
const pairKey = ({ business, customer }: Pair) => `${business}#${customer}`;
const idOf = (pk: string) => pk.slice(PREFIX.length) as MessageId;

export function makeMessageStore(table: Table): MessageStore {
  const newest = (pair: Pair, stage: string, limit: number) =>
    table.keysOfPair(pairKey(pair), stage, { limit, newestFirst: true });
  const byWaKey = async (waKey: string) => {
    const pk = await table.keyByWaKey(waKey);
    return pk === undefined ? undefined : idOf(pk);
  };

  return {
    ...makeVersioned(table, messageCodec),
    findByWaId: (waId) => byWaKey(waKeyOf(waId)),
    findByWaKey: byWaKey,
    waiting: async (pair, limit) => (await table.keysOfPair(pairKey(pair), 'waiting#', { limit })).map(idOf),
    awaitingReply: async (pair, limit) => (await newest(pair, 'open#', limit)).map(idOf),
    replied: async (pair, limit) => (await newest(pair, 'answered#', limit)).map(idOf),
    ofPair: async (pair, limit) => (await table.keysOfPair(pairKey(pair), '', { limit })).map(idOf),
    drop: (id) => table.drop(PREFIX + id),
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

type Dated = 'dueAt' | 'createdAt' | 'firstTryAt' | 'sentAt' | 'notBefore' | 'parkedUntil';

/** A message's item: instants as epoch ms, the request as JSON text, the rest as it is. */
type Row = Omit<
  Message,
  | Dated
  | 'messageId'
  | 'request'
  | 'lease'
  | 'accepted'
  | 'templateMessage'
  | 'reply'
  | 'ambiguousReplies'
  | 'expiresAt'
  | 'timeline'
> & {
  readonly request?: string;
  readonly lease?: Omit<Lease, 'until'> & { readonly until: number };
  readonly promised?: true;
  readonly invitation?: Omit<TemplateMessage, 'state' | 'triedAt' | 'notBefore'> & {
    readonly state: Exclude<TemplateMessage['state'], 'suppressed'> | 'spared';
    readonly triedAt?: number;
    readonly notBefore?: number;
  };
  readonly reply?: Omit<Reply, 'at' | 'response'> & { readonly at: number; readonly response: string };
  readonly ambiguousReplies?: readonly (Omit<AmbiguousReply, 'at' | 'response'> & {
    readonly at: number;
    readonly response: string;
  })[];
  readonly dueAt?: number;
  readonly createdAt: number;
  readonly firstTryAt?: number;
  readonly sentAt?: number;
  readonly notBefore?: number;
  readonly parkedUntil?: number;
  readonly expires: number;
  readonly timeline: readonly (Omit<TimelineEntry, 'at'> & { readonly at: number })[];
};

export const messageCodec: Codec<MessageId, Message> = {
  pkOf: (id) => PREFIX + id,
  keyOf: (message) => message.messageId,
  toItem: (message) => {
    const { messageId, request, accepted, lease, templateMessage, expiresAt, timeline, ...plain } = message;
    const { createdAt, dueAt } = message;
    return {
      ...plain,
      waKey: message.waId && waKeyOf(message.waId),
      pair: pairKey(pairOf(message)),
      stage: `${stageOf(message)}#${String(createdAt.getTime()).padStart(15, '0')}#${messageId}`,
      // JSON text: whatever the caller's data holds comes back as it was, however deep.
      request: request && JSON.stringify(request),
      lease: lease && { ...lease, until: lease.until.getTime() },
      // `promised`, `invitation` and `spared` are the stored words for `accepted`, `templateMessage` and `suppressed`.
      promised: accepted,
      invitation: templateMessage && {
        ...templateMessage,
        state: templateMessage.state === 'suppressed' ? 'spared' : templateMessage.state,
        triedAt: templateMessage.triedAt?.getTime(),
        notBefore: templateMessage.notBefore?.getTime(),
      },
      reply: message.reply && replyToRow(message.reply),
      ambiguousReplies: message.ambiguousReplies?.map(replyToRow),
      due: dueAt && `${PREFIX}${shardOf(messageId)}`,
      dueAt: dueAt?.getTime(),
      createdAt: createdAt.getTime(),
      firstTryAt: message.firstTryAt?.getTime(),
      sentAt: message.sentAt?.getTime(),
      notBefore: message.notBefore?.getTime(),
      parkedUntil: message.parkedUntil?.getTime(),
      expires: Math.ceil(expiresAt.getTime() / 1000),
      timeline: timeline.map((entry) => ({ ...entry, at: entry.at.getTime() })),
    };
  },
  fromItem: (item) => {
    const {
      pk,
      due: _,
      waKey: ____,
      pair: __,
      stage: ___,
      request,
      promised,
      lease,
      invitation,
      expires,
      timeline,
      ...row
    } = item as Item & Row;
    return {
      ...row,
      messageId: idOf(pk),
      request: request === undefined ? undefined : (JSON.parse(request) as FlowRequest),
      lease: lease && { ...lease, until: new Date(lease.until) },
      accepted: promised,
      templateMessage: invitation && {
        ...invitation,
        state: invitation.state === 'spared' ? 'suppressed' : invitation.state,
        triedAt: instant(invitation.triedAt),
        notBefore: instant(invitation.notBefore),
      },
      reply: row.reply && replyFromRow(row.reply),
      ambiguousReplies: row.ambiguousReplies?.map(replyFromRow),
      dueAt: instant(row.dueAt),
      createdAt: new Date(row.createdAt),
      firstTryAt: instant(row.firstTryAt),
      sentAt: instant(row.sentAt),
      notBefore: instant(row.notBefore),
      parkedUntil: instant(row.parkedUntil),
      expiresAt: new Date(expires * 1000),
      timeline: timeline.map((entry) => ({ ...entry, at: new Date(entry.at) })),
    };
  },
};

function replyToRow<R extends AmbiguousReply>(reply: R) {
  return { ...reply, at: reply.at.getTime(), response: JSON.stringify(reply.response) };
}

function replyFromRow<R extends { readonly at: number; readonly response: string }>(row: R) {
  return { ...row, at: new Date(row.at), response: JSON.parse(row.response) as unknown };
}

function stageOf(message: Message): 'waiting' | 'open' | 'answered' | 'done' {
  if (isInRecipientQueue(message)) return 'waiting';
  if (message.reply) return 'answered';
  return isAwaitingReply(message) ? 'open' : 'done';
}

function shardOf(id: MessageId): number {
  let sum = 0;
  for (const character of id) sum += character.charCodeAt(0);
  return sum % DUE_SHARDS;
}
