/** A table's stream: all changes, in the order of the writes. */
import { EventEmitter, once } from 'node:events';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { ACCOUNT_ID, REGION } from '../lambda.ts';

export type Item = Record<string, AttributeValue>;
type Change = { keys: Item; before: Item | undefined; after: Item | undefined };

/** A record as Lambda passes it to a function. Images are DynamoDB JSON. */
export type StreamRecord = {
  eventID: string;
  eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  eventVersion: '1.1';
  eventSource: 'aws:dynamodb';
  awsRegion: string;
  eventSourceARN: string;
  dynamodb: {
    ApproximateCreationDateTime: number;
    Keys: Item;
    NewImage?: Item;
    OldImage?: Item;
    SequenceNumber: string;
    SizeBytes: number;
    StreamViewType: 'NEW_AND_OLD_IMAGES';
  };
};

type ReadOptions = {
  /** Read after this SequenceNumber. Default: from the oldest record kept. */
  after?: string | undefined;
  limit: number;
  /** How long to wait for a first record. Default 0. */
  waitMs?: number | undefined;
  signal?: AbortSignal | undefined;
};

export type ReadStream = (options: ReadOptions) => Promise<StreamRecord[]>;
export type Stream = { append: (change: Change) => void; read: ReadStream };

// AWS keeps records for a day. `npm start` may run for days.
const RECORDS_KEPT = 100_000;
/** Real SequenceNumbers have 21 or more digits too, so code that compares them as numbers fails here as well. */
const FIRST_SEQUENCE = 10n ** 20n;

const eventNameOf = ({ before, after }: Change): StreamRecord['eventName'] => {
  if (!before) return 'INSERT';
  return after ? 'MODIFY' : 'REMOVE';
};

const recordOf = (change: Change, sequence: number, tableName: string): StreamRecord => {
  const { keys, before, after } = change;
  const images = { ...(after ? { NewImage: after } : {}), ...(before ? { OldImage: before } : {}) };
  return {
    eventID: `local-${sequence}`,
    eventName: eventNameOf(change),
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: REGION,
    eventSourceARN: `arn:aws:dynamodb:${REGION}:${ACCOUNT_ID}:table/${tableName}/stream/local`,
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(Date.now() / 1000),
      Keys: keys,
      ...images,
      SequenceNumber: String(FIRST_SEQUENCE + BigInt(sequence)),
      SizeBytes: JSON.stringify(images).length,
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    },
  };
};

/** An empty stream. `read` rejects if `after` is not a number. */
export const createStream = (tableName: string): Stream => {
  const news = new EventEmitter().setMaxListeners(0);
  let records: StreamRecord[] = [];
  let dropped = 0;

  const pageAfter = (after: string | undefined, limit: number): StreamRecord[] => {
    const seen = after === undefined ? 0 : Number(BigInt(after) - FIRST_SEQUENCE) + 1;
    const start = Math.max(0, seen - dropped);
    return records.slice(start, start + limit);
  };

  return {
    append: (change) => {
      records.push(recordOf(change, dropped + records.length, tableName));
      if (records.length > 2 * RECORDS_KEPT) {
        dropped += records.length - RECORDS_KEPT;
        records = records.slice(-RECORDS_KEPT);
      }
      news.emit('record');
    },
    read: async ({ after, limit, waitMs = 0, signal }) => {
      const page = pageAfter(after, limit);
      if (page.length > 0 || waitMs === 0) return page;
      const end = AbortSignal.any([AbortSignal.timeout(waitMs), ...(signal ? [signal] : [])]);
      await once(news, 'record', { signal: end }).catch(() => {});
      return pageAfter(after, limit);
    },
  };
};
