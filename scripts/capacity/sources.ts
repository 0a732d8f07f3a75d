/** AWS's and Meta's pages that the limits come from. All figures of theirs rest on documentation, not on measurement. */

const LAMBDA = 'https://docs.aws.amazon.com/lambda/latest/dg/';
const DYNAMO = 'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/';

const SOURCES = {
  api: ['API Gateway quotas', 'https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html'],
  lambda: ['Lambda quotas', `${LAMBDA}gettingstarted-limits.html`],
  concurrency: ['Lambda concurrency', `${LAMBDA}lambda-concurrency.html`],
  scaling: ['Lambda scaling', `${LAMBDA}scaling-behavior.html`],
  pollers: ['SQS scaling', `${LAMBDA}services-sqs-scaling.html`],
  sqsErrors: ['SQS errors', `${LAMBDA}services-sqs-errorhandling.html`],
  sqs: [
    'SQS quotas',
    'https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-quotas.html',
  ],
  ssm: [
    'Parameter Store',
    'https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-throughput.html',
  ],
  warm: ['warm throughput', `${DYNAMO}warm-throughput-scenarios.html`],
  keys: ['partition keys', `${DYNAMO}bp-partition-key-design.html`],
  indexes: ['global indexes', `${DYNAMO}GSI.html`],
  streams: ['streams', `${DYNAMO}Streams.html`],
  streamLambda: ['streams to Lambda', `${LAMBDA}services-ddb-params.html`],
  bus: ['EventBridge quotas', 'https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html'],
  s3: ['S3 performance', 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html'],
  kms: [
    'KMS request quotas',
    'https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html',
  ],
  kmsTable: ['keys of a table', `${DYNAMO}encryption.usagenotes.html`],
  whatsapp: ['WhatsApp throughput', 'https://developers.facebook.com/docs/whatsapp/throughput'],
} as const;

export type Source = keyof typeof SOURCES;

export const linkTo = (source: Source): string => {
  const [title, address] = SOURCES[source];
  return `[${title}](${address})`;
};
