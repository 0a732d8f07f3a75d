import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { mapEnded } from '../platform/all-ended.ts';
import type { Telemetry } from '../platform/ports.ts';

const AT_ONCE = 32;

export interface RecordHandler {
  readonly handle: (record: SQSRecord) => Promise<void>;
  /** Called for a failed record, before the queue gets it back. Its own fault changes nothing. */
  readonly onFailure?: (record: SQSRecord) => Promise<void>;
  /** Called once, when every record has ended. */
  readonly onEnd?: () => void;
}

/** Handles each SQS record on its own. Only the failed records are reported, so only they are repeated. */
export function records(telemetry: Telemetry, { handle, onFailure, onEnd }: RecordHandler) {
  return async ({ Records }: SQSEvent): Promise<SQSBatchResponse> => {
    const failed = await mapEnded(Records, (record) => fails(record), { concurrency: AT_ONCE });
    onEnd?.();
    return { batchItemFailures: failed.flatMap((id) => (id === undefined ? [] : [{ itemIdentifier: id }])) };
  };

  async function fails(record: SQSRecord): Promise<string | undefined> {
    try {
      await handle(record);
      return undefined;
    } catch (fault) {
      telemetry.error('record.failed', fault, { sqsMessageId: record.messageId });
      await onFailure?.(record).catch((e) => telemetry.error('record.pause-not-set', e));
      return record.messageId;
    }
  }
}

/** The same for records of JSON. */
export function batch(telemetry: Telemetry, handle: (body: unknown, record: SQSRecord) => Promise<void>) {
  return records(telemetry, { handle: async (record) => handle(JSON.parse(record.body), record) });
}

/** How often SQS has delivered the record, this time included. */
export function receivesOf({ attributes }: SQSRecord): number {
  return Number(attributes?.ApproximateReceiveCount ?? 1);
}
