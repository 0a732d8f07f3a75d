import { allEnded } from '../platform/all-ended.ts';
import type { FieldCodec } from '../platform/dynamo-fields.ts';
import type { Reads } from '../platform/dynamo-table.ts';
import type { Pair } from '../whatsapp/phone.ts';
import { isAwaitingReply, isInRecipientQueue, type Message, type MessageId } from './message.ts';
import { bytesOf } from './packed-texts.ts';
import type { MessageStore } from './ports.ts';

/* The keys of messages in the indexes `pair` and `due`, and the lookups by pair (ADR 028). */

/**
 * Partitions of the index `due`. DynamoDB writes 1,000 units a second to one, and a message that waits takes two: its
 * entry comes and goes.
 */
const DUE_SHARDS = 16;
/** Version 0.1 writes and reads the first four. */
const DUE_SHARDS_OF_01 = 4;

const WAITING = 'waiting#';
const FLOW = 'flow#';
/** Version 0.1 moved a message among these. Its items keep them until they change. */
const OF_01 = ['open#', 'answered#', 'done#'];

/** Of messages outside the recipient queue. */
const OUTSIDE_QUEUE = [FLOW, ...OF_01];
const ANYWHERE = [WAITING, ...OUTSIDE_QUEUE];

/** Of messages that the sweeper visits. */
export const DUE = 'message#';
/** Of unknown messages that nothing repeats. */
export const UNKNOWN = 'unknown#';

export function pairKey({ business, customer }: Pair): string {
  return `${business}#${customer}`;
}

/** The key in the index `pair`. It moves once at most, out of the recipient queue. */
export function stageOf(message: Message): string {
  return (isInRecipientQueue(message) ? WAITING : FLOW) + placeOf(message);
}

/** The key that version 0.1 writes, and looks for. */
export function stageOf01(message: Message): string {
  return prefixOf01(message) + placeOf(message);
}

function prefixOf01(message: Message): string {
  if (isInRecipientQueue(message)) return WAITING;
  if (message.reply) return 'answered#';
  return isAwaitingReply(message) ? 'open#' : 'done#';
}

/** A message's place among its pair's: the same in each group. */
function placeOf({ createdAt, messageId }: Message): string {
  return `${String(createdAt.getTime()).padStart(15, '0')}#${messageId}`;
}

interface DueEntry {
  readonly due: string | undefined;
  readonly dueAt?: number;
}

/**
 * The entry in the index `due`. A lease has none, because a watch and the daily scan find one that is over. An unknown
 * message that nothing repeats is dated by since when it is unknown.
 */
export function dueEntry(message: Message): DueEntry {
  const { status, dueAt, lease, messageId, timeline, createdAt } = message;
  if (lease) return { due: undefined };
  if (dueAt) return { due: `${DUE}${shardOf(messageId, DUE_SHARDS)}` };
  if (status !== 'unknown') return { due: undefined };
  // A full timeline has no entry for it.
  const since = timeline.findLast((entry) => entry.status === 'unknown')?.at ?? createdAt;
  return { due: `${UNKNOWN}${shardOf(messageId, DUE_SHARDS)}`, dueAt: since.getTime() };
}

/** The partition of a due message that version 0.1 writes, and looks for. It has a lease's, too. */
export function dueKeyOf01({ dueAt, messageId }: Message): string | undefined {
  return dueAt && `${DUE}${shardOf(messageId, DUE_SHARDS_OF_01)}`;
}

export function isUnknownEntry(due: unknown): boolean {
  return typeof due === 'string' && due.startsWith(UNKNOWN);
}

function shardOf(id: MessageId, shards: number): number {
  let sum = 0;
  for (const character of id) sum += character.charCodeAt(0);
  return sum % shards;
}

/** The partitions of the index `due` with this prefix. */
export function shardsOf(prefix: string): string[] {
  return Array.from({ length: DUE_SHARDS }, (_, n) => `${prefix}${n}`);
}

interface Placed {
  readonly id: MessageId;
  readonly place: string;
}

/** Places begin with a digit. */
const AFTER_ALL_PLACES = '~';

export function makePairLookups(
  table: Reads,
  idIn: (pk: string) => MessageId,
): Pick<MessageStore, 'waiting' | 'latest' | 'page' | 'ofPair'> {
  const oldest = async (pair: Pair, prefix: string, limit: number) =>
    (await table.keysOfPair(pairKey(pair), prefix, limit)).map(idIn);

  /** The newest messages under any of the prefixes: `limit` in all, after the place `before`. */
  async function newest(
    pair: Pair,
    prefixes: readonly string[],
    { limit, before = AFTER_ALL_PLACES }: { readonly limit: number; readonly before?: string | undefined },
  ): Promise<Placed[]> {
    const lists = prefixes.map(async (prefix) => {
      const keys = await table.listed(pairKey(pair), { limit, before: prefix + before });
      // The list goes on with the keys of other prefixes.
      return keys
        .filter(({ stage }) => stage.startsWith(prefix))
        .map(({ pk, stage }) => ({ id: idIn(pk), place: stage.slice(prefix.length) }));
    });
    // A message may move from one prefix to another between two queries.
    const byPlace = new Map((await allEnded(lists)).flat().map((one) => [one.place, one]));
    return [...byPlace.values()].sort((a, b) => (a.place > b.place ? -1 : 1)).slice(0, limit);
  }

  return {
    waiting: (pair, limit) => oldest(pair, WAITING, limit),
    ofPair: (pair, limit) => oldest(pair, '', limit),
    latest: async (pair, limit) => (await newest(pair, OUTSIDE_QUEUE, { limit })).map(({ id }) => id),
    page: async (pair, { limit, before }) => {
      const found = await newest(pair, ANYWHERE, { limit: limit + 1, before });
      const shown = found.slice(0, limit);
      const next = found.length > limit ? shown.at(-1)?.place : undefined;
      return { ids: shown.map(({ id }) => id), next };
    },
  };
}

/** A client's own id. A UUID is stored as its 16 bytes, in base64 in a change stream; a messageId has no `=`. */
export const ownId: FieldCodec<MessageId> = {
  encode: (id) => (UUID.test(id) ? Buffer.from(id.replaceAll('-', ''), 'hex') : id),
  decode(stored) {
    if (typeof stored === 'string' && !stored.endsWith('=')) return stored as MessageId;
    const hex = Buffer.from(bytesOf(stored)).toString('hex');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') as MessageId;
  },
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
