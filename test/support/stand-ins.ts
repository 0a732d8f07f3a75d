/** AWS, SQS and LipaChat as processes of their own, and the environment with which workers find them. */
import { randomBytes } from 'node:crypto';
import { callersEnvironment, functionEnvironment } from '../../local/environment.ts';
import { readStack, type StackEnvironment } from '../../local/stack.ts';
import { type AwsProcess, spawnAws } from './aws.ts';
import { type SimulatorProcess, spawnSimulator } from './simulator.ts';
import { type SpawnSqsOptions, type SqsProcess, spawnSqs } from './sqs.ts';

export type StandIns = {
  aws: AwsProcess;
  sqs: SqsProcess;
  simulator: SimulatorProcess;
  apiKey: string;
  webhookSecret: string;
  /** For `spawnWorker`; settings of a worker of its own come after it. */
  environment: StackEnvironment;
};

type StandInsOptions = {
  apiKey?: string;
  webhookSecret?: string;
  erasureKey?: string;
  settings?: Record<string, string>;
  /** By default as infra/queues.yml has them. */
  queues?: SpawnSqsOptions;
};

/** Starts them, with the key and the secret in SSM. `settings` are contract §5's, for all workers. */
export const spawnStandIns = async (options: StandInsOptions = {}): Promise<StandIns> => {
  const {
    apiKey = randomBytes(16).toString('hex'),
    webhookSecret = randomBytes(24).toString('hex'),
    erasureKey = randomBytes(32).toString('base64url'),
    settings = {},
    queues = {},
  } = options;
  const stack = readStack().environment;
  const names = callersEnvironment(stack, settings);
  const parameters = {
    [names.API_KEY_PARAMETER]: apiKey,
    [names.WEBHOOK_SECRET_PARAMETER]: webhookSecret,
    [names.ERASURE_KEY_PARAMETER]: erasureKey,
  };
  const [aws, sqs, simulator] = await Promise.all([
    spawnAws({ tableName: names.TABLE_NAME, parameters }),
    spawnSqs({ bucketName: names.RECIPIENTS_BUCKET, ...queues }),
    spawnSimulator({ apiKey }),
  ]);
  const addresses = { awsUrl: aws.url, sqsUrl: sqs.url, lipachatBaseUrl: simulator.baseUrl };
  const environment = { ...settings, ...functionEnvironment({ stack, caller: settings, ...addresses }) };
  return { aws, sqs, simulator, apiKey, webhookSecret, environment };
};
