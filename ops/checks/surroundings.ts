/** Checks the bus, the bucket, and the connection to LipaChat. */
import { DescribeEventBusCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { clientConfig } from '../connection.ts';
import { isNamed } from '../explain.ts';
import type { Place } from '../place.ts';
import { type Finding, judge } from './finding.ts';

const DEPLOY = 'deploy the stack again';
const GATEWAY_LIMIT_MS = 5_000;

export const checkBus = async ({ connection, busName: Name }: Place): Promise<Finding[]> => {
  const is = judge('event bus');
  if (!Name) return [is.fault('the stack has none', DEPLOY)];
  const client = new EventBridgeClient(clientConfig(connection));
  try {
    await client.send(new DescribeEventBusCommand({ Name }));
    return [is.ok(Name)];
  } catch (error) {
    if (!isNamed(error, 'ResourceNotFoundException')) throw error;
    return [is.fault(`there is no bus ${Name}`, DEPLOY)];
  }
};

export const checkBucket = async ({ connection, bucketName: Bucket }: Place): Promise<Finding[]> => {
  const is = judge('bucket');
  if (!Bucket) return [is.fault('the stack has none', DEPLOY)];
  // A custom endpoint serves all buckets under one host name.
  const { AWS_ENDPOINT_URL: all, AWS_ENDPOINT_URL_S3: own } = process.env;
  const forcePathStyle = connection.local !== undefined || (own ?? all) !== undefined;
  const client = new S3Client({ ...clientConfig(connection, 's3Url'), forcePathStyle });
  try {
    await client.send(new HeadBucketCommand({ Bucket }));
    return [is.ok(Bucket)];
  } catch (error) {
    if (!isNamed(error, 'NotFound', 'NoSuchBucket')) throw error;
    return [is.fault(`there is no bucket ${Bucket}`, DEPLOY)];
  }
};

const causeOf = (error: unknown): string => {
  const cause = error instanceof Error ? (error.cause ?? error) : undefined;
  if (!(cause instanceof Error)) return 'no response';
  const code = 'code' in cause ? String(cause.code) : cause.name;
  if (/^(ENOTFOUND|EAI_)/.test(code)) return `its name does not resolve (${code})`;
  if (/CERT|SELF_SIGNED|UNABLE_TO_/.test(code)) return `its certificate is not trusted (${code})`;
  if (/TLS|SSL|EPROTO/.test(code)) return `it does not speak TLS (${code})`;
  return `no response (${code})`;
};

/** Requests the base URL itself, without a key: this sends no message, and any HTTP response is good enough. */
export const checkGateway = async ({ settings }: Place): Promise<Finding[]> => {
  const is = judge('LipaChat');
  const { LIPACHAT_BASE_URL: url } = settings;
  try {
    const signal = AbortSignal.timeout(GATEWAY_LIMIT_MS);
    const { status } = await fetch(url, { method: 'HEAD', redirect: 'manual', signal });
    if (status < 500) return [is.ok(`${url} responds`)];
    return [is.warning(`${url} responds with ${status}`, 'it may be down: try again, then ask LipaChat')];
  } catch (error) {
    return [
      is.fault(
        `${url}: ${causeOf(error)}`,
        "check LIPACHAT_BASE_URL, DNS, and this machine's outbound access",
      ),
    ];
  }
};
