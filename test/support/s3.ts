/** The bucket of an S3 stand-in, past all functions. */
import { S3Client } from '@aws-sdk/client-s3';

/** For the SDK: every bucket is a part of the path, as on any address that has no name. */
export const s3ClientFor = (url: string): S3Client =>
  new S3Client({
    endpoint: url,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    forcePathStyle: true,
    maxAttempts: 1,
  });
