import type { DynamoDBBatchResponse, DynamoDBStreamEvent, StreamRecord } from 'aws-lambda';
import { allEnded } from '../platform/all-ended.ts';
import type { Changed } from './events-of-change.ts';
import type { Change } from './publish.ts';

type Image = StreamRecord['NewImage'];

/** Returns the index of the first change to repeat, or undefined. */
type HandleChanges = (changes: readonly Change[]) => Promise<number | undefined>;

export interface ChangeStreamDeps {
  /** Decodes the two images of one record; undefined if the change causes nothing. */
  readonly readChange: (images: { readonly before: Image; readonly after: Image }) => Changed | undefined;
  readonly publish: HandleChanges;
  readonly watchLeases: HandleChanges;
}

/**
 * The handler of the DynamoDB stream. Reports the first failed record, so that Lambda repeats the batch from
 * there, in order. Within a batch, a bus that refuses events holds back no watch, and the reverse. Later batches wait.
 */
export function changeStream({ readChange, publish, watchLeases }: ChangeStreamDeps) {
  return async ({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
    const changes = Records.flatMap(({ dynamodb }, index) => {
      const changed = readChange({ before: dynamodb?.OldImage, after: dynamodb?.NewImage });
      return changed ? [{ index, changed }] : [];
    });
    const ends = await allEnded([watchLeases(changes), publish(changes)]);
    const failed = ends.filter((index) => index !== undefined);
    const sequence = Records[Math.min(...failed)]?.dynamodb?.SequenceNumber;
    return { batchItemFailures: sequence === undefined ? [] : [{ itemIdentifier: sequence }] };
  };
}
