import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import pMap from 'p-map';
import type { Telemetry } from '../platform/ports.ts';

const AT_ONCE = 32;

/** Handles each SQS record on its own. Only the failed records are reported, so only they are repeated. */
export function batch(telemetry: Telemetry, handle: (body: unknown, record: SQSRecord) => Promise<void>) {
  return async ({ Records }: SQSEvent): Promise<SQSBatchResponse> => {
    const failed = await pMap(Records, (record) => fails(record), { concurrency: AT_ONCE });
    return { batchItemFailures: failed.flatMap((id) => (id === undefined ? [] : [{ itemIdentifier: id }])) };
  };

  async function fails(record: SQSRecord): Promise<string | undefined> {
    try {
      await handle(JSON.parse(record.body), record);
      return undefined;
    } catch (fault) {
      telemetry.error('record.failed', fault, { sqsMessageId: record.messageId });
      return record.messageId;
    }
  }
}
