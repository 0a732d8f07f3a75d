/** One call of SQS's JSON protocol: what the local event sources need, without loading an SDK for it. */
import type { SQSRecordAttributes } from 'aws-lambda';

export type SqsMessage = {
  MessageId: string;
  ReceiptHandle: string;
  Body: string;
  MD5OfBody: string;
  /** There when MessageSystemAttributeNames asked for all of them. */
  Attributes: SQSRecordAttributes;
};

type Answers = {
  ReceiveMessage: { Messages?: SqsMessage[] };
  SendMessage: { MessageId: string };
  DeleteMessageBatch: { Failed?: { Id: string; Message?: string }[] };
};

/** Rejects with SQS's words for what is no 200, with fetch's error when nothing answers or `signal` says stop. */
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
