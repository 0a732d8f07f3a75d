/** SQS and S3 on one loopback port: fauxqs with the queues and the bucket of infra/. */
import { type BuildAppOptions, buildApp } from 'fauxqs';
import { messageOf, refusalOf } from '../guard.ts';
import { REGION } from '../lambda.ts';
import { readBucket } from './bucket.ts';
import { type QueueDefinition, readQueues } from './queues.ts';

export type SqsOptions = {
  /** 0 for any free port. */
  port: number;
  /** The bucket's name: RECIPIENTS_BUCKET. */
  bucketName: string;
  /** Overrides the file's for all queues: a test can't wait three minutes for a message to reappear. */
  visibilityTimeoutSeconds?: number | undefined;
  /** Overrides the file's: if a test kills workers, a message may be received more than five times. */
  maxReceiveCount?: number | undefined;
};

export type Sqs = { url: string; close: () => Promise<void> };

const adjusted = ({ name, attributes }: QueueDefinition, options: SqsOptions): QueueDefinition => {
  const { visibilityTimeoutSeconds: visibility, maxReceiveCount } = options;
  const { RedrivePolicy: redrive } = attributes;
  return {
    name,
    attributes: {
      ...attributes,
      ...(visibility === undefined ? {} : { VisibilityTimeout: String(visibility) }),
      ...(redrive && maxReceiveCount
        ? { RedrivePolicy: JSON.stringify({ ...(JSON.parse(redrive) as object), maxReceiveCount }) }
        : {}),
    },
  };
};

type App = ReturnType<typeof buildApp>;

const createQueue = async (app: App, url: string, { name, attributes }: QueueDefinition) => {
  const answer = await app.inject({
    method: 'POST',
    url: '/',
    // The host becomes part of the queue's URL.
    authority: new URL(url).host,
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.CreateQueue' },
    payload: JSON.stringify({ QueueName: name, Attributes: attributes }),
  });
  if (answer.statusCode !== 200) throw new Error(`the queue ${name} could not be created: ${answer.body}`);
};

const createBucket = async (app: App, { name }: { name: string }): Promise<void> => {
  const answer = await app.inject({ method: 'PUT', url: `/${name}` });
  if (answer.statusCode !== 200) throw new Error(`the bucket ${name} could not be created: ${answer.body}`);
};

const FORM = 'application/x-www-form-urlencoded';
const FILE_BYTES = 256 * 1024 * 1024;

/**
 * curl sends a file with this type unless it is given another, and S3 takes any. fauxqs reads every such body as a form
 * of its SNS, and its S3 then answers 500.
 */
const takeFormsAsFiles = (app: App): void => {
  app.removeContentTypeParser(FORM);
  app.addContentTypeParser(FORM, { parseAs: 'buffer', bodyLimit: FILE_BYTES }, (request, body, done) => {
    done(null, request.method === 'PUT' ? body : Object.fromEntries(new URLSearchParams(body.toString())));
  });
};

/** SQS's older protocol is a form, and S3 takes a file of any type. */
const keepPagesOut = (app: App): void => {
  app.addHook('onRequest', (request, reply, done) => {
    const refusal = refusalOf(request, { plainBodies: 'refused-from-browsers' });
    if (refusal === undefined) return done();
    void reply.code(403).header('connection', 'close').type('application/json').send(messageOf(refusal));
  });
};

const CHANGED = '<Error><Code>PreconditionFailed</Code><Message>The object has changed.</Message></Error>';

/** S3 replaces an object only as the condition names it. fauxqs knows conditions of reads alone. */
const checkConditions = (app: App): void => {
  app.addHook('preHandler', async (request, reply) => {
    const { 'if-match': wanted } = request.headers;
    if (wanted === undefined || !['PUT', 'POST'].includes(request.method)) return;
    const [url = ''] = request.url.split('?');
    const { headers } = await app.inject({ method: 'HEAD', url, authority: request.headers.host ?? '' });
    if (headers['etag'] !== wanted) await reply.code(412).type('application/xml').send(CHANGED);
  });
};

/**
 * Starts with every queue of infra/ and the bucket, all empty. Beside SQS and S3, it serves GET /_fauxqs/queues
 * (counts) and GET /_fauxqs/queues/<name> (messages). It accepts up to 11 MiB per request and checks no signature.
 * Rejects with EADDRINUSE if the port is taken.
 */
export const startSqs = async (options: SqsOptions): Promise<Sqs> => {
  // Without `host`: with an address there, queue URLs would begin with sqs.<region>.127.0.0.1.
  const settings: BuildAppOptions = { logger: false, defaultRegion: REGION };
  const app = buildApp(settings);
  takeFormsAsFiles(app);
  keepPagesOut(app);
  checkConditions(app);
  // startFauxqs would listen on all network interfaces.
  const url = await app.listen({ host: '127.0.0.1', port: options.port });
  await createBucket(app, readBucket(options.bucketName));
  for (const queue of readQueues()) await createQueue(app, url, adjusted(queue, options));
  return { url, close: () => app.close() };
};
