/** How the AWS clients of the commands find their services. */
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Environment } from './report.ts';

export type Connection = {
  region: string;
  /** Only for the local system: everywhere else the SDK's own variables and profiles count. */
  local?: { url: string; sqsUrl: string; s3Url: string };
};

type Service = 'url' | 'sqsUrl' | 's3Url';

/** What every client is made of. The SDK has no time limits of its own. */
export const clientConfig = ({ region, local }: Connection, service: Service = 'url') => ({
  region,
  maxAttempts: 3,
  requestHandler: new NodeHttpHandler({
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    throwOnRequestTimeout: true,
  }),
  // The stand-ins look at no signature: a developer's own credentials have no business there.
  ...(local
    ? { endpoint: local[service], credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }
    : {}),
});

/** Stage `local`: where `npm start` listens, unless the caller's variables say otherwise. */
export const localConnection = (stack: Record<string, string>, env: Environment): Connection => {
  const named = (name: string): string => env[name] || stack[name] || '';
  return {
    region: named('AWS_REGION'),
    local: {
      url: named('AWS_ENDPOINT_URL'),
      sqsUrl: named('AWS_ENDPOINT_URL_SQS'),
      s3Url: named('AWS_ENDPOINT_URL_S3'),
    },
  };
};
