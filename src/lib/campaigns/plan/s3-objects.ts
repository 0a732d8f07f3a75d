import { PassThrough, type Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { AppError } from '../../platform/errors.ts';
import { withinMs } from '../../platform/time-limit.ts';
import type { ObjectRef, ObjectStore, ObjectVersion, ObjectWriter } from '../ports.ts';
import { RecipientsFault } from './recipient.ts';

const CALL_LIMIT_MS = 10_000;
/** Of an object that an erasure rewrote: what its etag and its time were before. S3 takes neither from an upload link. */
const [FIRST_ETAG, FIRST_MODIFIED] = ['lipaflow-etag', 'lipaflow-modified'];

type Found = Pick<GetObjectCommandOutput, 'ETag' | 'LastModified' | 'Metadata'>;

interface GetOptions {
  readonly range?: string;
  readonly abortSignal?: AbortSignal;
}

/**
 * S3. A missing, forbidden or changed object is the caller's fault (`RecipientsFault`); no answer is
 * transient (`store-unavailable`).
 */
export function makeObjectStore({ client, bucket }: { client: S3Client; bucket: string }): ObjectStore {
  const at = ({ bucket: Bucket, key: Key }: ObjectRef) => ({ Bucket, Key });

  const versionOf = (ref: ObjectRef, found: Found): ObjectVersion => {
    const { ETag: revision = '', LastModified = new Date(0) } = found;
    // Objects of other buckets are their owner's, with all they say.
    const { [FIRST_ETAG]: etag, [FIRST_MODIFIED]: at } = (ref.bucket === bucket && found.Metadata) || {};
    return { etag: etag ?? revision, modifiedAt: at === undefined ? LastModified : new Date(at), revision };
  };

  async function get(ref: ObjectRef & { etag?: string | undefined }, options: GetOptions = {}) {
    const found = await client.send(new GetObjectCommand({ ...at(ref), Range: options.range }), options);
    const version = versionOf(ref, found);
    if (ref.etag === undefined || ref.etag === version.etag) return { found, version };
    // To stop reading is what its end reports as a fault.
    (found.Body as Readable).on('error', () => undefined).destroy();
    throw new RecipientsFault('the file changed after it was planned');
  }

  return {
    bucket,
    async head(ref) {
      const found = await limited((limit) => client.send(new HeadObjectCommand(at(ref)), limit));
      return { ...versionOf(ref, found), bytes: found.ContentLength ?? 0 };
    },
    async open(ref) {
      const { found, version } = await call(() => get(ref));
      return { ...version, body: bodyOf(found) };
    },
    async readRange(ref, { offset, length }) {
      const range = `bytes=${offset}-${offset + length - 1}`;
      const bytes = await limited(async (limit) =>
        (await get(ref, { ...limit, range })).found.Body?.transformToByteArray(),
      );
      return Buffer.from(bytes ?? []);
    },
    async put(key, content) {
      const command = new PutObjectCommand({ Bucket: bucket, Key: key, Body: content });
      await limited((limit) => client.send(command, limit));
    },
    async remove(key) {
      const command = new DeleteObjectCommand({ Bucket: bucket, Key: key });
      await limited((limit) => client.send(command, limit));
    },
    writer: (key) => makeWriter({ client, params: { Bucket: bucket, Key: key } }),
    rewriter(key, { etag, modifiedAt, revision }) {
      const Metadata = { [FIRST_ETAG]: etag, [FIRST_MODIFIED]: modifiedAt.toISOString() };
      return makeWriter({ client, params: { Bucket: bucket, Key: key, IfMatch: revision, Metadata } });
    },
    async keys(after) {
      const command = new ListObjectsV2Command({ Bucket: bucket, StartAfter: after });
      const { Contents = [] } = await limited((limit) => client.send(command, limit));
      return Contents.flatMap(({ Key }) => Key ?? []);
    },
    uploadUrl: (key, expiresIn) =>
      getSignedUrl(client, new PutObjectCommand({ Bucket: bucket, Key: key }), { expiresIn }),
  };
}

/** A multipart upload, in constant memory for any size of object. */
function makeWriter({
  client,
  params,
}: {
  client: S3Client;
  params: Omit<PutObjectCommandInput, 'Body'>;
}): ObjectWriter {
  const body = new PassThrough();
  const upload = new Upload({ client, params: { ...params, Body: body }, queueSize: 2 });
  const done = call(() => upload.done());
  // `close` awaits `done`. Until then, `write` reports a failure.
  let fault: unknown;
  done.catch((cause: unknown) => {
    fault = cause;
    body.destroy();
  });
  let bytes = 0;

  return {
    async write(text) {
      if (fault) throw fault;
      bytes += Buffer.byteLength(text);
      if (body.write(text)) return;
      await new Promise<void>((resolve) => {
        const go = () => {
          body.off('drain', go).off('close', go);
          resolve();
        };
        body.once('drain', go).once('close', go);
      });
    },
    async close() {
      body.end();
      const { ETag = '' } = await done;
      return { etag: ETag, bytes };
    },
    async abort() {
      await upload.abort().catch(() => undefined);
      body.destroy();
      await done.catch(() => undefined);
    },
  };
}

function bodyOf({ Body }: GetObjectCommandOutput): AsyncIterable<Uint8Array> {
  return translated(Body as Readable);
}

async function* translated(body: Readable): AsyncIterable<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    throw unavailable(cause);
  }
}

function limited<T>(send: (limit: { readonly abortSignal: AbortSignal }) => Promise<T>): Promise<T> {
  return call(() => withinMs(CALL_LIMIT_MS, (abortSignal) => send({ abortSignal })));
}

async function call<T>(send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (cause) {
    if (cause instanceof RecipientsFault) throw cause;
    const { name, $metadata } = cause as { name?: string; $metadata?: { httpStatusCode?: number } };
    const status = $metadata?.httpStatusCode;
    if (name === 'NoSuchKey' || name === 'NoSuchBucket' || status === 404) {
      throw new RecipientsFault('the file does not exist');
    }
    if (status === 403) throw new RecipientsFault('LipaFlow has no permission to read the file');
    if (status === 412) throw new RecipientsFault('the file changed after it was planned');
    throw unavailable(cause);
  }
}

function unavailable(cause: unknown): AppError {
  return new AppError(
    'store-unavailable',
    'The file store did not respond. Repeat the request in a few seconds.',
    {
      retryAfter: 2,
      cause,
    },
  );
}
