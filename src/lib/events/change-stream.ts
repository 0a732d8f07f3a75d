import type { DynamoDBBatchResponse, DynamoDBStreamEvent, StreamRecord } from 'aws-lambda';
import type { Changed } from './event.ts';
import type { Change } from './publish.ts';

type Image = StreamRecord['NewImage'];

export interface ChangeStreamDeps {
  /** What the images of one record say; undefined where they say nothing to the world. */
  readonly readChange: (images: { readonly before: Image; readonly after: Image }) => Changed | undefined;
  readonly publish: (changes: readonly Change[]) => Promise<number | undefined>;
}

/** The one loop over a DynamoDB stream. From the record that failed on, everything comes again, in its order. */
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
