/** The stack's event source mappings: connects queues and streams to their functions in this process. */

import { queueUrl } from './aws/queues.ts';
import { callSqs } from './aws/sqs-call.ts';
import type { ReadStream } from './aws/stream.ts';
import { invoke, type LambdaFunction } from './lambda.ts';
import { startQueueSource } from './queue-source.ts';
import type { QueueMapping, StreamMapping } from './stack-events.ts';
import type { GivenUp } from './stream-source.ts';
import { startStreamSource } from './stream-source.ts';

type EventSourcesOptions = {
  queues: QueueMapping[];
  streams: StreamMapping[];
  functions: Record<string, LambdaFunction>;
  sqsUrl: string;
  readStream: ReadStream;
};

const functionOf = (functions: Record<string, LambdaFunction>, name: string): LambdaFunction => {
  const found = functions[name];
  if (!found) throw new Error(`an event source names the function ${name}, which does not exist`);
  return found;
};

/** The note that Lambda sends to a mapping's on-failure destination: it names the records without their content. */
const failureNote = (functionName: string, { records, attempts, error }: GivenUp) => ({
  requestContext: {
    functionArn: functionName,
    condition: 'RetryAttemptsExhausted',
    approximateInvokeCount: attempts,
  },
  version: '1.0',
  timestamp: new Date().toISOString(),
  DDBStreamBatchInfo: {
    startSequenceNumber: records[0]?.dynamodb.SequenceNumber,
    endSequenceNumber: records.at(-1)?.dynamodb.SequenceNumber,
    batchSize: records.length,
  },
  error: String(error),
});

/** Starts all mappings. Records that a stream's function gave up are printed, and a note goes to its failure queue. */
export const startEventSources = (options: EventSourcesOptions): { close: () => Promise<void> } => {
  const { functions, sqsUrl, readStream } = options;

  const queueSources = options.queues.map(({ functionName, ...mapping }) => {
    const lambda = functionOf(functions, functionName);
    return startQueueSource({
      ...mapping,
      queueUrl: queueUrl(sqsUrl, mapping.queueName),
      invoke: (event) => invoke(lambda, event),
      onError: (error) => console.error(`${functionName}:`, error),
    });
  });

  const streamSources = options.streams.map(({ functionName, failureQueueName, ...mapping }) => {
    const lambda = functionOf(functions, functionName);
    return startStreamSource({
      ...mapping,
      read: readStream,
      invoke: (event) => invoke(lambda, event),
      onGivenUp: async (givenUp) => {
        const MessageBody = JSON.stringify(failureNote(functionName, givenUp));
        console.error(`${functionName}: gave up`, MessageBody);
        await callSqs('SendMessage', { QueueUrl: queueUrl(sqsUrl, failureQueueName), MessageBody });
      },
    });
  });

  return {
    close: async () => {
      await Promise.all([...queueSources, ...streamSources].map((source) => source.close()));
    },
  };
};
