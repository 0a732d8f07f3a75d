import { allEnded } from '../platform/all-ended.ts';
import { itemCodec, makeVersioned, prefixed, record } from '../platform/dynamo-codec.ts';
import { as, instant, json, list, plain, seconds, words } from '../platform/dynamo-fields.ts';
import type { Table } from '../platform/dynamo-table.ts';
import type { Pair } from '../whatsapp/phone.ts';
import {
  type AmbiguousReply,
  isAwaitingReply,
  isInRecipientQueue,
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

/** Spreads the index of due messages, so that claim and settle of all sends don't share one partition. */
const DUE_SHARDS = 4;

const PREFIX = 'message#';
/** The index of a pair's messages: waiting ones, ones without a reply, and the rest. */
const pairKey = ({ business, customer }: Pair) => `${business}#${customer}`;
const { pkOf, idIn } = prefixed<MessageId>(PREFIX);

export function makeMessageStore(table: Table): MessageStore {
  const newest = (pair: Pair, stage: string, limit: number) =>
    table.keysOfPair(pairKey(pair), stage, { limit, newestFirst: true });
  const byWaKey = async (waKey: string) => {
    const pk = await table.keyByWaKey(waKey);
    return pk === undefined ? undefined : idIn(pk);
  };

  return {
    ...makeVersioned(table, messageCodec),
    findByWaId: (waId) => byWaKey(waKeyOf(waId)),
    findByWaKey: byWaKey,
    waiting: async (pair, limit) => (await table.keysOfPair(pairKey(pair), 'waiting#', { limit })).map(idIn),
    awaitingReply: async (pair, limit) => (await newest(pair, 'open#', limit)).map(idIn),
    replied: async (pair, limit) => (await newest(pair, 'answered#', limit)).map(idIn),
    others: async (pair, limit) => (await newest(pair, 'done#', limit)).map(idIn),
    ofPair: async (pair, limit) => (await table.keysOfPair(pairKey(pair), '', { limit })).map(idIn),
    drop: (id) => table.drop(pkOf(id)),
    due: async (now, limit) => {
      const shards = Array.from({ length: DUE_SHARDS }, (_, n) => `${PREFIX}${n}`);
      // The oldest message may be in any shard.
      const range = { upTo: now, limit };
      const found = await allEnded(shards.map((shard) => table.dueKeys(shard, range)));
      return found
        .flat()
        .sort((a, b) => a.dueAt - b.dueAt)
        .slice(0, limit)
        .map(({ pk }) => idIn(pk));
    },
  };
}

const tried = { tries: plain, triesOf: plain } as const;

const said = { id: plain, at: instant, response: json } as const;

export const messageCodec = itemCodec<Message, 'messageId'>({
  key: 'messageId',
  pkOf,
  idIn,
  fields: {
    ...tried,
    clientId: plain,
    fingerprint: plain,
    to: plain,
    customer: plain,
    from: plain,
    flowId: plain,
    request: json,
    status: plain,
    lease: record<Lease>({ owner: plain, until: instant, phase: plain }),
    epoch: plain,
    attempts: plain,
    accepted: as('promised', plain),
    notBefore: instant,
    resends: plain,
    parkedUntil: instant,
    templateMessage: as(
      'invitation',
      record<TemplateMessage>({
        ...tried,
        messageId: plain,
        state: words<TemplateMessage['state']>({ suppressed: 'spared' }),
        resends: plain,
        notBefore: instant,
        waId: plain,
        retiredWaIds: plain,
        triedAt: instant,
      }),
    ),
    createdAt: instant,
    firstTryAt: instant,
    sentAt: instant,
    waId: plain,
    retiredWaIds: plain,
    answer: plain,
    reply: record<Reply>({ ...said, matchedBy: plain }),
    ambiguousReplies: list(record<AmbiguousReply>(said)),
    reason: plain,
    dueAt: instant,
    expiresAt: as('expires', seconds),
    timeline: list(record<TimelineEntry>({ at: instant, status: plain, source: plain, detail: plain })),
  },
  derived: {
    waKey: ({ waId }) => waId && waKeyOf(waId),
    pair: (message) => pairKey(pairOf(message)),
    stage: (message) =>
      `${stageOf(message)}#${String(message.createdAt.getTime()).padStart(15, '0')}#${message.messageId}`,
    due: ({ dueAt, messageId }) => dueAt && `${PREFIX}${shardOf(messageId)}`,
  },
});

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
