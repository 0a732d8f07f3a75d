import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stopChildren } from '../support/children.ts';
import { s3ClientFor } from '../support/s3.ts';
import { type SqsProcess, spawnSqs } from '../support/sqs.ts';

const MIB = 1024 * 1024;

let sqs: SqsProcess;
let s3: S3Client;
let Bucket: string;

beforeAll(async () => {
  sqs = await spawnSqs();
  s3 = s3ClientFor(sqs.url);
  Bucket = sqs.bucketName;
});
afterAll(stopChildren);

const put = async (Key: string, Body: string | Buffer): Promise<string> =>
  (await s3.send(new PutObjectCommand({ Bucket, Key, Body }))).ETag ?? '';

const get = async (Key: string, options: { Range?: string; IfMatch?: string } = {}): Promise<Buffer> => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, ...options }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
};

const text = async (...args: Parameters<typeof get>): Promise<string> => (await get(...args)).toString();

const errorOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'none',
    (error: Error) => error.name,
  );

const linkTo = (Key: string): Promise<string> =>
  getSignedUrl(s3, new PutObjectCommand({ Bucket, Key }), { expiresIn: 900 });

describe('the bucket', () => {
  it('is there under its name, and another is not', async () => {
    await put('plans/a.jsonl', 'a plan');
    expect(await text('plans/a.jsonl')).toBe('a plan');
    const elsewhere = s3.send(new PutObjectCommand({ Bucket: 'elsewhere', Key: 'a', Body: 'a' }));
    expect(await errorOf(elsewhere)).toBe('NoSuchBucket');
  });

  it('gives bytes as they came, under any key that a campaign may have', async () => {
    const zipped = gzipSync('to\n254700000001\n');
    const key = `recipients/${'a.~:_-'.repeat(21)}/${'b'.repeat(64)}.csv.gz`;
    await put(key, zipped);
    expect(await get(key)).toEqual(zipped);
  });

  it('gives a range, to the end where the object is shorter, and none beyond it', async () => {
    await put('range', '0123456789');
    expect(await text('range', { Range: 'bytes=2-4' })).toBe('234');
    expect(await text('range', { Range: 'bytes=8-99' })).toBe('89');
    expect(await errorOf(get('range', { Range: 'bytes=10-19' }))).toBe('InvalidRange');
  });

  it('gives an object only as long as it is the one that was meant', async () => {
    const etag = await put('meant', 'first');
    const { ETag, ContentLength } = await s3.send(new HeadObjectCommand({ Bucket, Key: 'meant' }));
    expect([ETag, ContentLength]).toEqual([etag, 5]);
    expect(await text('meant', { IfMatch: etag, Range: 'bytes=0-1' })).toBe('fi');
    await put('meant', 'second');
    const late = get('meant', { IfMatch: etag, Range: 'bytes=0-1' });
    expect(await errorOf(late)).toBe('PreconditionFailed');
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'meant' }));
    expect(await errorOf(get('meant', { IfMatch: etag }))).toBe('NoSuchKey');
  });
});

describe('an upload in parts', () => {
  it('that ends before its first part is full becomes one object', async () => {
    const params = { Bucket, Key: 'short', Body: Readable.from(['[2,"254700000001",{}]\n', '[3]\n']) };
    const { ETag } = await new Upload({ client: s3, params }).done();
    expect(await text('short', { IfMatch: ETag ?? '' })).toBe('[2,"254700000001",{}]\n[3]\n');
  });

  it('of several parts is in their order, and is not there before it is complete', async () => {
    const parts = Buffer.concat([Buffer.alloc(5 * MIB, 'a'), Buffer.alloc(5 * MIB, 'b'), Buffer.from('c')]);
    await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'begun' }));
    expect(await errorOf(get('begun'))).toBe('NoSuchKey');
    const params = { Bucket, Key: 'several', Body: Readable.from(parts) };
    const { ETag } = await new Upload({ client: s3, params, partSize: 5 * MIB }).done();
    expect(ETag).toMatch(/-3"$/);
    const edge = `bytes=${5 * MIB - 2}-${5 * MIB + 1}`;
    expect(await text('several', { Range: edge, IfMatch: ETag ?? '' })).toBe('aabb');
    expect(await text('several', { Range: `bytes=${10 * MIB}-` })).toBe('c');
  });
});

describe('a presigned link', () => {
  it('takes an upload from a caller who knows nothing of AWS', async () => {
    const url = await linkTo('uploads/by-link.csv');
    expect(url).toContain(`${sqs.url}/${Bucket}/uploads/by-link.csv?`);
    const csv = 'to,name\n254700000001,Asha\n';
    const answer = await fetch(url, { method: 'PUT', headers: { 'content-type': 'text/csv' }, body: csv });
    expect(answer.status).toBe(200);
    expect(await text('uploads/by-link.csv', { IfMatch: answer.headers.get('etag') ?? '' })).toBe(csv);
  });

  it('takes bytes without a content type, as curl -T sends them', async () => {
    const bytes = gzipSync('to\n254700000001\n');
    const answer = await fetch(await linkTo('untyped'), { method: 'PUT', body: bytes });
    expect(answer.status).toBe(200);
    expect(await get('untyped')).toEqual(bytes);
  });

  it.each([
    ['text', Buffer.from('to,name\n254700000001,Asha & Juma=1+1%20\r\n')],
    ['gzip', gzipSync('to\n254700000001\n')],
    ['nothing', Buffer.from('')],
    ['12 MiB, for which curl waits for 100 Continue', Buffer.alloc(12 * MIB, 'to,name\n')],
  ])('takes a file of %s from curl, with its default content type', async (what, bytes) => {
    const folder = await mkdtemp(join(tmpdir(), 'curl-'));
    const file = join(folder, 'people.csv');
    await writeFile(file, bytes);
    const key = `by-curl/${what}`;
    const args = ['-sS', '-f', '-X', 'PUT', '--data-binary', `@${file}`, await linkTo(key)];
    expect((await promisify(execFile)('curl', args)).stderr).toBe('');
    expect((await get(key)).equals(bytes)).toBe(true);
    await rm(folder, { recursive: true });
  });
});
