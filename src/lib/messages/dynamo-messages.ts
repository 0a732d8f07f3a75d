import { allEnded } from '../platform/all-ended.ts';
import {
  type Codec,
  itemCodec,
  makeRead,
  makeVersioned,
  prefixed,
  record,
} from '../platform/dynamo-codec.ts';
import {
  as,
  type FieldCodec,
  instant,
  json,
  list,
  plain,
  seconds,
  words,
} from '../platform/dynamo-fields.ts';
import type { Item, Reads, Table } from '../platform/dynamo-table.ts';
import { titleOf, titleOf01 } from '../platform/problem-titles.ts';
import {
  DUE,
  dueEntry,
  dueKeyOf01,
  isUnknownEntry,
  makePairLookups,
  ownId,
  pairKey,
  shardsOf,
  stageOf,
  stageOf01,
  UNKNOWN,
} from './dynamo-message-keys.ts';
import {
  type AmbiguousReply,
  type Answer,
  type Lease,
  type Message,
  type MessageId,
  pairOf,
  type Reply,
  type TimelineEntry,
  waKeyOf,
} from './message.ts';
import { bytesOf, pack, unpack } from './packed-texts.ts';
import type { MessageStore } from './ports.ts';
import type { TemplateMessage } from './sends.ts';

const PREFIX = 'message#';
const { pkOf, idIn } = prefixed<MessageId>(PREFIX);

/**
 * `packs`: whether it writes packed messages under today's keys. Otherwise it writes what version 0.1 writes. It reads
 * both.
 */
export function makeMessageStore(table: Table, { packs = true } = {}): MessageStore {
  const own = table.owning('message#');
  const byWaKey = async (waKey: string) => {
    const pk = await table.keyByWaKey(waKey);
    return pk === undefined ? undefined : idIn(pk);
  };
  /** The oldest message may be in any shard. */
  const oldestDue = async (prefix: string, range: { upTo: Date; limit: number }) => {
    const found = await allEnded(shardsOf(prefix).map((shard) => table.dueKeys(shard, range)));
    return found
      .flat()
      .sort((a, b) => a.dueAt - b.dueAt)
      .slice(0, range.limit)
      .map(({ pk }) => idIn(pk));
  };

  return {
    ...makeVersioned(own, packs ? messageCodec : { ...messageCodec, toItem: plainCodec.toItem }),
    findByWaId: (waId) => byWaKey(waKeyOf(waId)),
    findByWaKey: byWaKey,
    ...makePairLookups(table, idIn),
    drop: (id) => own.drop(pkOf(id)),
    due: (now, limit) => oldestDue(DUE, { upTo: now, limit }),
    unknown: (upTo, limit) => oldestDue(UNKNOWN, { upTo, limit }),
    abandoned: async (part, { now, after }) => {
      const filter =
        'begins_with(pk, :prefix) AND attribute_exists(lease) AND attribute_not_exists(due) AND dueAt <= :now';
      const values = { ':prefix': PREFIX, ':now': now.getTime() };
      const { keys, next } = await table.scan(part, { filter, values, after });
      return { ids: keys.map(idIn), next };
    },
  };
}

/** Reads what both forms of the store write. */
export function makeMessageReads(table: Reads): Pick<MessageStore, 'get' | 'waiting'> {
  return { ...makeRead(table, messageCodec), waiting: makePairLookups(table, idIn).waiting };
}

const tried = { tries: plain, triesOf: plain } as const;

/** An answer of 0.1 has no title, and a new one gets its title when it is stored. */
const storedAnswer: FieldCodec<Answer> = {
  encode: (answer) => (answer.kind === 'rejected' ? { title: titleOf(answer.code), ...answer } : answer),
  decode: (stored) => {
    const answer = stored as Answer;
    return answer.kind === 'rejected' ? { title: titleOf01(answer.code), ...answer } : answer;
  },
};

const said = { id: plain, at: instant, response: json } as const;

const plainCodec = itemCodec<Message, 'messageId'>({
  key: 'messageId',
  pkOf,
  idIn,
  fields: {
    ...tried,
    clientId: plain,
    clientMessageId: as('own', ownId),
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
    resendIds: plain,
    parkedUntil: instant,
    templateMessage: as(
      'invitation',
      record<TemplateMessage>({
        ...tried,
        messageId: plain,
        state: words<TemplateMessage['state']>({ suppressed: 'spared' }),
        resends: plain,
        earlierIds: plain,
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
    answer: storedAnswer,
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
    stage: stageOf01,
    due: dueKeyOf01,
  },
});

/** Packs the request and the receipt, and writes today's keys. Items of 0.1 have both as texts, and its keys. */
export const messageCodec: Codec<MessageId, Message> = {
  ...plainCodec,
  toItem(message) {
    const { request, answer, ...plainItem } = plainCodec.toItem(message);
    const item = { ...plainItem, stage: stageOf(message), ...dueEntry(message) };
    const { kind, body } = (answer ?? {}) as { readonly kind?: string; readonly body?: string };
    const texts = [request as string | undefined, body];
    if (texts.every((text) => text === undefined)) return { ...item, answer };
    const packed = pack(texts, repeatedIn({ ...item, pk: pkOf(message.messageId) }));
    return { ...item, packed, answer: kind === 'sent' ? { kind } : answer };
  },
  fromItem({ packed, ...stored }) {
    const item = isUnknownEntry(stored['due']) ? { ...stored, dueAt: undefined } : stored;
    if (packed === undefined) return plainCodec.fromItem(item);
    const [request, body] = unpack(bytesOf(packed), repeatedIn(item));
    const answer = body === undefined ? item['answer'] : { kind: 'sent', body };
    return plainCodec.fromItem({ ...item, request, answer });
  },
};

/** The values that the request and the receipt repeat. */
function repeatedIn(item: Item): string[] {
  const { to, from, flowId, waId, createdAt, sentAt, own } = item;
  const times = [createdAt, sentAt].filter((ms) => ms !== undefined);
  const texts = [idIn(item.pk), to, from, flowId, waId].filter((text) => text !== undefined);
  const instants = times.map((ms) => new Date(ms as number).toISOString());
  return [...(texts as string[]), ...instants, ...(own === undefined ? [] : [ownId.decode(own)])];
}
