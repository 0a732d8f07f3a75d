/** One call of SQS's JSON protocol, for the local event sources. Saves loading the SDK. */
import type { SQSRecordAttributes } from 'aws-lambda';

export type SqsMessage = {
  MessageId: string;
  ReceiptHandle: string;
  Body: string;
  MD5OfBody: string;
  /** Present if MessageSystemAttributeNames requests all of them. */
  Attributes: SQSRecordAttributes;
};

type Answers = {
  ReceiveMessage: { Messages?: SqsMessage[] };
  SendMessage: { MessageId: string };
  PurgeQueue: object;
  DeleteMessageBatch: { Failed?: { Id: string; Message?: string }[] };
};

/** Rejects with SQS's message unless the status is 2xx, and with fetch's error on no response or an abort. */
export const callSqs = async <Operation extends keyof Answers>(
  operation: Operation,
  input: { QueueUrl: string; [field: string]: unknown },
  signal?: AbortSignal,
): Promise<Answers[Operation]> => {
  const response = await fetch(new URL('/', input.QueueUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${operation}` },
    body: JSON.stringify(input),
    ...(signal ? { signal } : {}),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${operation}: ${response.status} ${text}`);
  return JSON.parse(text) as Answers[Operation];
};
