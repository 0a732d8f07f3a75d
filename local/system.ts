/** All of LipaFlow in this process, on loopback: stand-ins for AWS and LipaChat, the API, schedules, queues and streams. */
import { createHash } from 'node:crypto';
import { marshall } from '@aws-sdk/util-dynamodb';
import { clientItem } from '../src/lib/clients/dynamo-client-registry.ts';
import { SCOPES } from '../src/lib/clients/scopes.ts';
import { whenIdle } from './aws/queue-idle.ts';
import { type Aws, startAws } from './aws/server.ts';
import { type Sqs, startSqs } from './aws/sqs.ts';
import { loadFunctions } from './bundles.ts';
import {
  adoptEnvironment,
  callersEnvironment,
  type Environment,
  functionEnvironment,
} from './environment.ts';
import { startEventSources } from './event-sources.ts';
import { startApiGateway } from './gateway/server.ts';
import { startSchedules } from './schedules.ts';
import { type LocalSettings, readSettings } from './settings.ts';
import { startSimulator } from './simulator/simulator.ts';
import { readStack, type Stack } from './stack.ts';

export type System = {
  apiUrl: string;
  simulatorUrl: string;
  awsUrl: string;
  /** Serves S3 too. */
  sqsUrl: string;
  /** The bearer token of API client `local`, which has every scope. */
  token: string;
  /** The URL for LipaChat's callbacks. Contains the webhook's secret. */
  webhookUrl: string;
  /** Stops all parts and cuts open connections. */
  close: () => Promise<void>;
};

type Closable = { close: () => void | Promise<void> };
/** Registers a part to close at the end, and returns it. */
type Keep = <Part extends Closable>(part: Part) => Part;
type Ground = { stack: Stack; caller: Environment; settings: LocalSettings; keep: Keep };

/** Starts a part. If its port is taken, the error says which one and what to do. */
const onPort = async <Part>(variable: string, port: number, start: () => Promise<Part>): Promise<Part> => {
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    throw new Error(`port ${port} is taken: set ${variable} to a free port, or PORT=0 for any free ports`);
  }
};

const putClient = (aws: Aws, token: string): Promise<void> => {
  const tokenHash = createHash('sha256').update(token).digest('hex');
  const client = { clientId: 'local', scopes: SCOPES, tokenHash, createdAt: new Date() };
  return aws.putItem(marshall(clientItem(client), { removeUndefinedValues: true }));
};

const startLocalAws = async ({ stack, caller, settings, keep }: Ground): Promise<Aws> => {
  const names = callersEnvironment(stack.environment, caller);
  const { WEBHOOK_HMAC_PARAMETER: hmacName } = caller;
  const parameters = {
    [names.API_KEY_PARAMETER]: settings.apiKey,
    [names.WEBHOOK_SECRET_PARAMETER]: settings.webhookSecret,
    [names.ERASURE_KEY_PARAMETER]: settings.erasureKey,
    ...(hmacName && settings.webhookHmacSecret ? { [hmacName]: settings.webhookHmacSecret } : {}),
  };
  const port = settings.ports.aws;
  const aws = await onPort('AWS_PORT', port, () =>
    startAws({ port, tableName: names.TABLE_NAME, parameters }),
  );
  await putClient(keep(aws), settings.token);
  return aws;
};

const startLocalSqs = async ({ stack, caller, settings, keep }: Ground): Promise<Sqs> => {
  const { ports, visibilityTimeoutSeconds } = settings;
  const { RECIPIENTS_BUCKET: bucketName } = callersEnvironment(stack.environment, caller);
  const port = ports.sqs;
  return keep(await onPort('SQS_PORT', port, () => startSqs({ port, bucketName, visibilityTimeoutSeconds })));
};

const startLipaChat = async ({ settings, keep }: Ground, sqs: Sqs) => {
  const { apiKey, webhookHmacSecret } = settings;
  const port = settings.ports.simulator;
  const hmac = webhookHmacSecret ? { webhookHmacSecret } : {};
  const whenHandled = () => whenIdle(sqs.url, 'CallbackQueue');
  const options = { port, apiKey, whenHandled, ...hmac };
  return keep(await onPort('SIMULATOR_PORT', port, () => startSimulator(options)));
};

const startService = async ({ stack, settings, keep }: Ground, aws: Aws, sqs: Sqs) => {
  const functions = loadFunctions(stack);
  const { routes, authorizers, schedules, queues, streams } = stack;
  const port = settings.ports.api;
  const api = await onPort('PORT', port, () => startApiGateway({ port, routes, authorizers, functions }));
  keep(startSchedules({ schedules, functions }));
  keep(startEventSources({ queues, streams, functions, sqsUrl: sqs.url, readStream: aws.readStream }));
  return keep(api);
};

const startParts = async (ground: Ground, overrides: Environment): Promise<Omit<System, 'close'>> => {
  const { stack, caller, settings } = ground;
  const aws = await startLocalAws(ground);
  const sqs = await startLocalSqs(ground);
  const simulator = await startLipaChat(ground, sqs);
  const addresses = { awsUrl: aws.url, sqsUrl: sqs.url, lipachatBaseUrl: simulator.baseUrl };
  adoptEnvironment({
    ...overrides,
    ...functionEnvironment({ stack: stack.environment, caller, ...addresses }),
  });

  const api = await startService(ground, aws, sqs);
  const [secret = ''] = settings.webhookSecret.split(',');
  const webhookUrl = `${api.url}/v1/webhooks/lipachat/${encodeURIComponent(secret.trim())}`;
  simulator.setWebhookUrl(webhookUrl);
  return {
    apiUrl: api.url,
    simulatorUrl: simulator.url,
    awsUrl: aws.url,
    sqsUrl: sqs.url,
    token: settings.token,
    webhookUrl,
  };
};

/**
 * Starts everything from the bundles in dist/, which have to be built. Ports, secrets and the functions' settings
 * come from `overrides`, then from process.env. It changes process.env, since the bundles read it.
 * Rejects if a setting is invalid or a port is taken, after stopping what had started.
 */
export const startSystem = async (overrides: Environment = {}): Promise<System> => {
  const caller = { ...process.env, ...overrides };
  const parts: Closable[] = [];
  const keep: Keep = (part) => {
    parts.push(part);
    return part;
  };
  const close = async (): Promise<void> => {
    await Promise.all(parts.map((part) => part.close()));
  };
  try {
    const ground: Ground = { stack: readStack(), caller, settings: readSettings(caller), keep };
    return { ...(await startParts(ground, overrides)), close };
  } catch (error) {
    await close();
    throw error;
  }
};
