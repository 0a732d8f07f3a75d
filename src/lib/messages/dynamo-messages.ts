import { allEnded } from '../platform/all-ended.ts';
import { type Codec, itemCodec, makeVersioned, prefixed, record } from '../platform/dynamo-codec.ts';
import { as, instant, json, list, plain, seconds, words } from '../platform/dynamo-fields.ts';
import type { Item, Table } from '../platform/dynamo-table.ts';
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
import { pack, unpack } from './packed-texts.ts';
import type { MessageStore } from './ports.ts';

/** Spreads the index of due messages, so that claim and settle of all sends don't share one partition. */
const DUE_SHARDS = 4;

const PREFIX = 'message#';
/** The index of a pair's messages: waiting ones, ones without a reply, and the rest. */
const pairKey = ({ business, customer }: Pair) => `${business}#${customer}`;
const { pkOf, idIn } = prefixed<MessageId>(PREFIX);

/** `packs`: whether it writes packed messages. It reads both. */
export function makeMessageStore(table: Table, { packs = true } = {}): MessageStore {
  const newest = (pair: Pair, stage: string, limit: number) =>
    table.keysOfPair(pairKey(pair), stage, { limit, newestFirst: true });
  const byWaKey = async (waKey: string) => {
    const pk = await table.keyByWaKey(waKey);
    return pk === undefined ? undefined : idIn(pk);
  };

  return {
    ...makeVersioned(table, packs ? messageCodec : { ...messageCodec, toItem: plainCodec.toItem }),
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

const plainCodec = itemCodec<Message, 'messageId'>({
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

/** Packs the request and the receipt. Items of 0.1 have both as texts. */
export const messageCodec: Codec<MessageId, Message> = {
  ...plainCodec,
  toItem(message) {
    const { request, answer, ...item } = plainCodec.toItem(message);
    const { kind, body } = (answer ?? {}) as { readonly kind?: string; readonly body?: string };
    const texts = [request as string | undefined, body];
    if (texts.every((text) => text === undefined)) return { ...item, answer };
    const packed = pack(texts, repeatedIn({ ...item, pk: pkOf(message.messageId) }));
    return { ...item, packed, answer: kind === 'sent' ? { kind } : answer };
  },
  fromItem({ packed, ...item }) {
    if (packed === undefined) return plainCodec.fromItem(item);
    const [request, body] = unpack(bytesOf(packed), repeatedIn(item));
    const answer = body === undefined ? item['answer'] : { kind: 'sent', body };
    return plainCodec.fromItem({ ...item, request, answer });
  },
};

/** In a change stream, binary attributes are base64. */
function bytesOf(packed: unknown): Uint8Array {
  return typeof packed === 'string' ? Buffer.from(packed, 'base64') : (packed as Uint8Array);
}

/** The values that the request and the receipt repeat. */
function repeatedIn(item: Item): string[] {
  const { to, from, flowId, waId, createdAt, sentAt } = item;
  const times = [createdAt, sentAt].filter((ms) => ms !== undefined);
  const texts = [idIn(item.pk), to, from, flowId, waId].filter((text) => text !== undefined);
  return [...(texts as string[]), ...times.map((ms) => new Date(ms as number).toISOString())];
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
