import { PassThrough, type Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { AppError } from '../../platform/errors.ts';
import { withinMs } from '../../platform/time-limit.ts';
import type { ObjectRef, ObjectStore, ObjectWriter } from '../ports.ts';
import { RecipientsFault } from './recipient.ts';

const CALL_LIMIT_MS = 10_000;

/**
 * S3. A missing, forbidden or changed object is the caller's fault (`RecipientsFault`); no answer is
 * transient (`store-unavailable`).
 */
export function makeObjectStore({ client, bucket }: { client: S3Client; bucket: string }): ObjectStore {
  const at = ({ bucket: Bucket, key: Key }: ObjectRef) => ({ Bucket, Key });

  const getObject = (ref: ObjectRef & { etag?: string | undefined }, Range?: string) =>
    new GetObjectCommand({ ...at(ref), IfMatch: ref.etag, Range });

  return {
    bucket,
    async head(ref) {
      const { ETag = '', ContentLength = 0 } = await limited((limit) =>
        client.send(new HeadObjectCommand(at(ref)), limit),
      );
      return { etag: ETag, bytes: ContentLength };
    },
    async open(ref) {
      const found = await call(() => client.send(getObject(ref)));
      return { etag: found.ETag ?? '', body: bodyOf(found) };
    },
    async readRange(ref, { offset, length }) {
      const command = getObject(ref, `bytes=${offset}-${offset + length - 1}`);
      const bytes = await limited(async (limit) =>
        (await client.send(command, limit)).Body?.transformToByteArray(),
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
    writer: (key) => makeWriter({ client, bucket, key }),
    uploadUrl: (key, expiresIn) =>
      getSignedUrl(client, new PutObjectCommand({ Bucket: bucket, Key: key }), { expiresIn }),
  };
}

/** A multipart upload, in constant memory for any size of object. */
function makeWriter({
  client,
  bucket,
  key,
}: {
  client: S3Client;
  bucket: string;
  key: string;
}): ObjectWriter {
  const body = new PassThrough();
  const upload = new Upload({ client, params: { Bucket: bucket, Key: key, Body: body }, queueSize: 2 });
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
