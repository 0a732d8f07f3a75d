/** One real event for each function of serverless.yml, its answer, and what the function has to have done by then. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import { createLipaChat } from '../support/fleet/lipachat.ts';
import { createFleetTable } from '../support/fleet/table.ts';
import { s3ClientFor } from '../support/s3.ts';
import { spawnStandIns } from '../support/stand-ins.ts';
import { spawnWorker } from '../support/worker.ts';
import { authorization, record, request, tick } from './events.ts';

type Sample = {
  event: unknown;
  /** Vitest's `toMatchObject`. */
  answer: object;
  /** Rejects if the function did not do its work. */
  effect?: () => Promise<void>;
};

type World = Awaited<ReturnType<typeof openWorld>>;

const BUSINESS = '254711000001';
const FLOW = { from: BUSINESS, text: 'Hello {{name}}', flowId: 'F', flowCta: 'Go', screen: 'S' };
const NO_FAILURES = { batchItemFailures: [] };
/** With a kilobyte each, these are a file that the API leaves to the planner. */
const LARGE_ROWS = 600;

/** The stand-ins of AWS and LipaChat, and what the samples need to find there. */
export const openWorld = async () => {
  const standIns = await spawnStandIns();
  const { aws, sqs, simulator, environment } = standIns;
  const table = createFleetTable(aws, environment.TABLE_NAME);
  const lipachat = createLipaChat(simulator);
  let customers = 0;
  const newCustomer = (): string => {
    customers += 1;
    return `${254_717_000_000 + customers}`;
  };

  /** A flow that may be sent. */
  const flow = async () => {
    const to = newCustomer();
    await table.addWindow(BUSINESS, to);
    await lipachat.writeIn(to, { to: BUSINESS, notify: false });
    return { ...FLOW, text: 'Hello', messageId: randomUUID() as string, to };
  };

  /** Calls another function, from `dist/`, in preparation. */
  const prepare = async (functionName: string, event: object): Promise<void> => {
    const worker = await spawnWorker(functionName, environment);
    const answer = await worker.invoke(event);
    await worker.stop();
    if (answer.statusCode >= 300) throw new Error(`${functionName}: ${JSON.stringify(answer)}`);
  };

  /** Creates a campaign of that many recipients, plans it and starts it. */
  const launch = async (rows: number): Promise<void> => {
    const campaignId = randomUUID();
    const Key = `runtime/${campaignId}.jsonl`;
    const row = () => JSON.stringify({ to: newCustomer(), name: 'Wanjiku', padding: 'x'.repeat(1024) });
    const Body = Array.from({ length: rows }, row).join('\n');
    await s3ClientFor(sqs.url).send(new PutObjectCommand({ Bucket: sqs.bucketName, Key, Body }));
    const recipients = { s3: `s3://${sqs.bucketName}/${Key}` };
    await prepare('campaigns', { campaignId, name: 'Runtime', message: FLOW, recipients, perMinute: 600 });
  };

  /** LipaChat's callback about a customer's message. */
  const writtenIn = () => {
    const customer = newCustomer();
    const body = { messageId: randomUUID(), from: customer, to: BUSINESS, type: 'TEXT', text: 'hello' };
    const parameters = { secret: standIns.webhookSecret };
    return { event: request('POST /v1/webhooks/lipachat/{secret}', { parameters, body }), customer };
  };
  /** The record of that callback in its queue. */
  const received = async (customer: string): Promise<string | undefined> =>
    (await sqs.bodies('CallbackQueue')).find((body) => body.includes(customer));

  const delivered = (messageId: string) => async (): Promise<void> => {
    expect(await lipachat.deliveries(messageId)).toHaveLength(1);
  };

  return { ...standIns, table, newCustomer, flow, prepare, launch, delivered, writtenIn, received };
};

/** By function. A sample prepares what its event is about. */
export const SAMPLES: Record<string, (world: World) => Sample | Promise<Sample>> = {
  authorizer: async ({ table }) => {
    const token = randomUUID();
    await table.addClient({ token, clientId: 'runtime', scopes: ['send'] });
    const context = { clientId: 'runtime', scopes: 'send' };
    return { event: authorization('POST /v1/flows', token), answer: { isAuthorized: true, context } };
  },
  sendFlow: async ({ flow, delivered }) => {
    const body = await flow();
    const effect = delivered(body.messageId);
    return { event: request('POST /v1/flows', { body }), answer: { statusCode: 201 }, effect };
  },
  readApi: async ({ flow }) => {
    const { from, to } = await flow();
    const event = request('GET /v1/sessions/{from}/{to}', { parameters: { from, to } });
    return { event, answer: { statusCode: 200, body: expect.stringContaining('"open":true') } };
  },
  webhook: ({ writtenIn, received }) => {
    const { event, customer } = writtenIn();
    const effect = async () => expect(await received(customer)).toBeDefined();
    return { event, answer: { statusCode: 200, body: '{"received":1}' }, effect };
  },
  callbacks: async ({ writtenIn, received, prepare, table }) => {
    const { event, customer } = writtenIn();
    await prepare('webhook', event);
    const effect = async () => expect(await table.session(BUSINESS, customer)).toHaveProperty('expiresAt');
    return { event: record('CallbackQueue', (await received(customer)) ?? ''), answer: NO_FAILURES, effect };
  },
  contacts: ({ newCustomer, table }) => {
    const to = newCustomer();
    const event = request('PUT /v1/opt-outs/{from}/{to}', { parameters: { from: BUSINESS, to } });
    const effect = async () => expect(await table.session(BUSINESS, to)).toMatchObject({ optedOut: true });
    return { event, answer: { statusCode: 204 }, effect };
  },
  worker: async ({ flow, prepare, delivered }) => {
    const body = await flow();
    const accepted = request('POST /v1/flows', { body });
    await prepare('sendFlow', { ...accepted, headers: { ...accepted.headers, prefer: 'respond-async' } });
    const event = record('DeliveryQueue', JSON.stringify({ messageId: body.messageId }));
    return { event, answer: NO_FAILURES, effect: delivered(body.messageId) };
  },
  publisher: async ({ aws, flow, prepare }) => {
    const body = await flow();
    await prepare('sendFlow', request('POST /v1/flows', { body }));
    const effect = async () => expect(JSON.stringify(await aws.events())).toContain(body.messageId);
    return { event: { Records: await aws.stream() }, answer: NO_FAILURES, effect };
  },
  sweeper: () => ({ event: tick(), answer: { failed: 0 } }),
  campaigns: ({ newCustomer }) => {
    const body = { campaignId: randomUUID(), name: 'Runtime', message: FLOW, perMinute: 600 };
    const recipients = { inline: [{ to: newCustomer(), name: 'Wanjiku' }] };
    const event = request('POST /v1/campaigns', { body: { ...body, recipients } });
    return { event, answer: { statusCode: 201 } };
  },
  campaignPlanner: async ({ sqs, launch, table }) => {
    await launch(LARGE_ROWS);
    const [job = ''] = await sqs.bodies('PlanQueue');
    const { campaignId } = JSON.parse(job) as { campaignId: string };
    const effect = async () => {
      expect(await table.item(`campaign#${campaignId}`)).toMatchObject({ state: 'running' });
    };
    return { event: record('PlanQueue', job), answer: NO_FAILURES, effect };
  },
  campaignTick: async ({ sqs, launch }) => {
    await launch(1);
    const effect = async () => expect(await sqs.counts('CampaignQueue')).not.toMatchObject({ ready: 0 });
    return { event: tick(), answer: {}, effect };
  },
  docs: () => {
    const page = readFileSync(new URL('../../dist/docs-files/index.html.gz', import.meta.url), 'base64');
    const answer = { statusCode: 200, isBase64Encoded: true, body: page };
    return { event: request('GET /docs', { headers: { 'accept-encoding': 'gzip' } }), answer };
  },
};
