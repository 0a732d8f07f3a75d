/**
 * What an engineer would build in an afternoon instead: the same send, following the documentation of AWS
 * Lambda Powertools, with the built-in fetch. It claims with `idempotency`, reads the window, gets the apiKey
 * with `parameters` and calls LipaChat. Its result is stored and replayed. It has no status callbacks,
 * parking or sweeper.
 *
 * Tuned as one who knows Lambda tunes it: one client a process, which keeps its prepared middleware and its connections,
 * no document client, the apiKey read beside the window, one minified bundle from ES modules. The reads come after the
 * claim, because Powertools wraps the whole send. Its cache of results in memory stays off, as by default: a repeat
 * rarely meets the same environment.
 *
 * PEER_FAILURES decides what happens if LipaChat returns no receipt: `throw` (the record is deleted, and the
 * caller gets 500 and may repeat) or `answer` (502 with a reason, which Powertools stores as the result).
 */
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { Logger } from '@aws-lambda-powertools/logger';
import { getParameter } from '@aws-lambda-powertools/parameters/ssm';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import * as z from 'zod';

const environment = z.object({
  TABLE_NAME: z.string(),
  API_KEY_PARAMETER: z.string(),
  LIPACHAT_BASE_URL: z.url(),
  PEER_FAILURES: z.enum(['throw', 'answer']).default('throw'),
});

const flow = z.object({
  messageId: z.string().min(1).max(128),
  to: z.string().regex(/^\+?\d{7,15}$/),
  from: z.string().regex(/^\+?\d{7,15}$/),
  text: z.string().min(1).max(1024),
  flowId: z.string(),
  flowCta: z.string().max(20),
  screen: z.string(),
  data: z.record(z.string(), z.unknown()).default({}),
});
type Flow = z.infer<typeof flow>;

const receipt = z.object({ data: z.object({ waId: z.string() }), status: z.literal('success') });

const env = environment.parse(process.env);
const logger = new Logger({ serviceName: 'peer' });
const client = new DynamoDBClient({ cacheMiddleware: true });
const persistenceStore = new DynamoDBPersistenceLayer({
  tableName: env.TABLE_NAME,
  awsSdkV3Client: client,
  keyAttr: 'pk',
  expiryAttr: 'expires',
});
const config = new IdempotencyConfig({
  eventKeyJmesPath: 'messageId',
  payloadValidationJmesPath: '@',
  throwOnNoIdempotencyKey: true,
  expiresAfterSeconds: 30 * 86_400,
});

const digits = (number: string): string => number.replace('+', '');

async function windowIsOpen({ from, to }: Flow): Promise<boolean> {
  const pk = `session#${digits(from)}#${digits(to)}`;
  const { Item } = await client.send(
    new GetItemCommand({ TableName: env.TABLE_NAME, Key: { pk: { S: pk } }, ConsistentRead: true }),
  );
  return Number(Item?.['expiresAt']?.N ?? 0) > Date.now();
}

const apiKeyNow = () => getParameter(env.API_KEY_PARAMETER, { decrypt: true, maxAge: 300 });

async function callLipaChat(request: Flow, apiKey: string | undefined): Promise<z.infer<typeof receipt>> {
  const response = await fetch(`${env.LIPACHAT_BASE_URL}/whatsapp/interactive/flows`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', apiKey: apiKey ?? '' },
    body: JSON.stringify({ ...request, to: digits(request.to), from: digits(request.from) }),
    signal: AbortSignal.timeout(20_000),
  });
  if (!response.ok) throw new Error(`LipaChat answered ${response.status}`);
  return receipt.parse(await response.json());
}

const json = (statusCode: number, body: unknown): APIGatewayProxyStructuredResultV2 => ({
  statusCode,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

const send = makeIdempotent(
  async (request: Flow) => {
    const { messageId } = request;
    // Throws, so that the messageId is free again once the customer has written.
    const [isOpen, apiKey] = await Promise.all([windowIsOpen(request), apiKeyNow()]);
    if (!isOpen) throw new Error('session-closed');
    try {
      const { data } = await callLipaChat(request, apiKey);
      logger.info('sent', { messageId });
      return json(201, { messageId, status: 'sent', waId: data.waId, sentAt: new Date().toISOString() });
    } catch (fault) {
      if (env.PEER_FAILURES === 'throw') throw fault;
      return json(502, { messageId, message: 'LipaChat could not be reached' });
    }
  },
  { persistenceStore, config },
);

export const handler = async (event: APIGatewayProxyEventV2, context: Context) => {
  config.registerLambdaContext(context);
  const request = flow.safeParse(JSON.parse(event.body ?? '{}'));
  if (!request.success) return json(400, { message: z.prettifyError(request.error) });
  return await send(request.data);
};
