import type { DynamoDBBatchResponse, DynamoDBStreamEvent, StreamRecord } from 'aws-lambda';
import type { Changed } from './events-of-change.ts';
import type { Change } from './publish.ts';

type Image = StreamRecord['NewImage'];

export interface ChangeStreamDeps {
  /** Decodes the two images of one record; undefined if the item causes no events. */
  readonly readChange: (images: { readonly before: Image; readonly after: Image }) => Changed | undefined;
  readonly publish: (changes: readonly Change[]) => Promise<number | undefined>;
}

/**
 * The handler of the DynamoDB stream. Reports the first failed record, so that Lambda repeats the batch from
 * there, in order.
 */
export function changeStream({ readChange, publish }: ChangeStreamDeps) {
  return async ({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
    const changes = Records.flatMap(({ dynamodb }, index) => {
      const changed = readChange({ before: dynamodb?.OldImage, after: dynamodb?.NewImage });
      return changed ? [{ index, changed }] : [];
    });
    const failed = await publish(changes);
    const sequence = failed === undefined ? undefined : Records[failed]?.dynamodb?.SequenceNumber;
    return { batchItemFailures: sequence === undefined ? [] : [{ itemIdentifier: sequence }] };
  };
}
