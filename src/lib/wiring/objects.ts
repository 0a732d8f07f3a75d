import { S3Client } from '@aws-sdk/client-s3';
import { makeObjectStore } from '../campaigns/plan/s3-objects.ts';
import type { ObjectStore } from '../campaigns/ports.ts';
import type { Entry } from './stores.ts';

/** The bucket of recipients and plans. */
export function wireObjects({ config, transport }: Entry): ObjectStore {
  const client = new S3Client({
    requestHandler: transport,
    maxAttempts: 4,
    // The local system has one host, without a name per bucket.
    forcePathStyle: config.AWS_ENDPOINT_URL_S3 !== undefined,
    // By default an upload link carries the checksum of a body that does not exist yet, and S3 accepts only an empty file.
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  return makeObjectStore({ client, bucket: config.RECIPIENTS_BUCKET ?? '' });
}
