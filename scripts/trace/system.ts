/** The functions of a checkout in this process, instrumented, between its own stand-ins for AWS and LipaChat. */
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, stop } from 'esbuild';
import { BUNDLE_DEFINES, lighter } from '../lighter.ts';
import { instrument } from './instrument.ts';

/** Those that a checkout has. */
const handlersOf = (root: string): string[] =>
  ['flows', 'worker', 'webhook', 'callbacks', 'campaigns'].filter((name) =>
    existsSync(join(root, 'src/handlers', `${name}.ts`)),
  );
const CLIENT = { clientId: 'traced', scopes: 'send read admin' };

const bundles = async (root: string) => {
  const outdir = await mkdtemp(join(tmpdir(), 'trace-'));
  await build({
    absWorkingDir: root,
    entryPoints: handlersOf(root).map((name) => join(root, 'src/handlers', `${name}.ts`)),
    outdir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    mainFields: ['module', 'main'],
    define: { ...BUNDLE_DEFINES, __VERSION__: '"traced"' },
    plugins: [lighter, instrument(root)],
    logLevel: 'warning',
  });
  await stop();
  return outdir;
};

/** The checkout's own stand-ins. Of several paths the first that exists counts: the later ones are those of 0.1. */
const standInsOf = async (root: string) => {
  const local = <Module>(...files: string[]): Promise<Module> => {
    const found = files.map((file) => join(root, 'local', file)).find((file) => existsSync(file));
    return import(pathToFileURL(found ?? '').href);
  };
  return {
    ...(await local<typeof import('../../local/aws/server.ts')>('aws/server.ts', 'aws.ts')),
    ...(await local<typeof import('../../local/aws/sqs.ts')>('aws/sqs.ts', 'sqs.ts')),
    ...(await local<typeof import('../../local/aws/sqs-call.ts')>('aws/sqs-call.ts', 'sqs-call.ts')),
    ...(await local<typeof import('../../local/simulator/simulator.ts')>('simulator/simulator.ts')),
    ...(await local<typeof import('../../local/stack.ts')>('stack.ts')),
    ...(await local<typeof import('../../local/lambda.ts')>('lambda.ts')),
    ...(await local<typeof import('../../local/gateway/event.ts')>('gateway/event.ts', 'gateway-event.ts')),
    ...(await local<typeof import('../../local/environment.ts')>('environment.ts')),
  };
};

/** Starts it on free ports. The functions read the environment of this process, which changes. */
export const startTracedSystem = async (root: string) => {
  const { callSqs, invoke, proxyEvent, ...local } = await standInsOf(root);
  const stack = local.readStack().environment;
  const [apiKey, webhookSecret] = [randomBytes(24).toString('hex'), randomBytes(24).toString('hex')];
  const { API_KEY_PARAMETER, WEBHOOK_SECRET_PARAMETER, TABLE_NAME: tableName } = stack;
  const parameters = { [API_KEY_PARAMETER]: apiKey, [WEBHOOK_SECRET_PARAMETER]: webhookSecret };
  const aws = await local.startAws({ port: 0, tableName, parameters });
  const sqs = await local.startSqs({ port: 0, bucketName: stack.RECIPIENTS_BUCKET });
  const simulator = await local.startSimulator({ port: 0, apiKey });
  const addresses = { awsUrl: aws.url, sqsUrl: sqs.url, lipachatBaseUrl: simulator.baseUrl };
  const environment = local.functionEnvironment({ stack, caller: {}, ...addresses });
  // Only the figures go to the console.
  const quiet = { LOG_LEVEL: 'ERROR', POWERTOOLS_METRICS_DISABLED: 'true' };
  local.adoptEnvironment({ ...environment, ...quiet });

  const outdir = await bundles(root);
  const load = createRequire(import.meta.url);
  const functions = new Map(
    handlersOf(root).map((name) => [name, load(join(outdir, `${name}.cjs`)).handler]),
  );
  await rm(outdir, { recursive: true });

  return {
    webhookSecret,
    simulatorUrl: simulator.url,
    call: (name: string, event: unknown): Promise<unknown> =>
      invoke({ name, timeoutMs: 29_000, handler: functions.get(name) }, event),
    /** An event of the HTTP API, by its route's key. */
    http: (routeKey: string, body: object, pathParameters: Record<string, string> = {}) => {
      const [method = '', rawPath = ''] = routeKey.split(' ');
      const request = { requestId: randomUUID(), at: new Date(), method, rawPath, rawQueryString: '' };
      const headers = { 'content-type': 'application/json' };
      const rest = { headers, cookies: [], body: Buffer.from(JSON.stringify(body)), sourceIp: '127.0.0.1' };
      return proxyEvent({ ...request, ...rest, routeKey, pathParameters }, CLIENT);
    },
    /** Up to ten records of the campaign queue, as the worker gets them. */
    campaignRecords: async () => {
      const queue = { QueueUrl: environment['CAMPAIGN_QUEUE_URL'] ?? '', WaitTimeSeconds: 5 };
      const { Messages = [] } = await callSqs('ReceiveMessage', { ...queue, MaxNumberOfMessages: 10 });
      return Messages.map(({ MessageId, Body }) => ({ messageId: MessageId, body: Body }));
    },
  };
};
