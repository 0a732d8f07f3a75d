/** Stand-ins in this process with everything that doctor looks for, and the AWS clients to break it with. */
import { createServer, type Server } from 'node:http';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { marshall } from '@aws-sdk/util-dynamodb';
import { queueUrl } from '../../local/aws/queues.ts';
import { type Aws, startAws } from '../../local/aws/server.ts';
import { startSqs } from '../../local/aws/sqs.ts';
import { listen } from '../../local/http-server.ts';
import { readStack } from '../../local/stack.ts';
import { clientItem } from '../../src/lib/clients/dynamo-client-registry.ts';

export type OpsWorld = {
  env: Record<string, string>;
  names: ReturnType<typeof readStack>['environment'];
  aws: Aws;
  dynamo: DynamoDBClient;
  ssm: SSMClient;
  sqs: SQSClient;
  events: EventBridgeClient;
  s3: S3Client;
  queueUrl: (name: string) => string;
  /** The client `shop`, which may send. */
  addClient: () => Promise<void>;
  close: () => Promise<void>;
};

const startGateway = (): ReturnType<typeof listen> => {
  const server: Server = createServer((_request, response) => response.writeHead(404).end());
  return listen(server, 0);
};

/** As after `setup` and `client create`: nothing of it is wrong. */
export const startOpsWorld = async (): Promise<OpsWorld> => {
  const names = readStack().environment;
  const parameters = {
    [names.API_KEY_PARAMETER]: 'a-k3y-canary',
    [names.WEBHOOK_SECRET_PARAMETER]: 'webhook-secret-canary-0123456789abcdef',
    [names.ERASURE_KEY_PARAMETER]: 'erasure-key-canary-0123456789abcdefghijklmn',
  };
  const [aws, sqs, gateway] = await Promise.all([
    startAws({ port: 0, tableName: names.TABLE_NAME, parameters }),
    startSqs({ port: 0, bucketName: names.RECIPIENTS_BUCKET }),
    startGateway(),
  ]);
  const shop = { clientId: 'shop', scopes: ['send'], tokenHash: '0'.repeat(64), createdAt: new Date() };
  const addClient = () => aws.putItem(marshall(clientItem(shop), { removeUndefinedValues: true }));
  await addClient();
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = { endpoint: aws.url, region: 'eu-west-1', credentials, maxAttempts: 1 };
  return {
    env: {
      AWS_ENDPOINT_URL: aws.url,
      AWS_ENDPOINT_URL_SQS: sqs.url,
      AWS_ENDPOINT_URL_S3: sqs.url,
      LIPACHAT_BASE_URL: `${gateway.url}/api/v1`,
    },
    names,
    aws,
    dynamo: new DynamoDBClient(client),
    ssm: new SSMClient(client),
    events: new EventBridgeClient(client),
    sqs: new SQSClient({ ...client, endpoint: sqs.url }),
    s3: new S3Client({ ...client, endpoint: sqs.url, forcePathStyle: true }),
    addClient,
    queueUrl: (name) => queueUrl(sqs.url, name),
    close: async () => {
      await Promise.all([aws.close(), sqs.close(), gateway.close()]);
    },
  };
};
