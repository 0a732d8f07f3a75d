/** How the commands' AWS clients reach their services. */
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { Environment } from './report.ts';

export type Connection = {
  region: string;
  /** Only for the local system. Otherwise the SDK's own variables and profiles apply. */
  local?: { url: string; sqsUrl: string; s3Url: string };
};

type Service = 'url' | 'sqsUrl' | 's3Url';

/** The configuration of every client. Without these limits, the SDK waits forever. */
export const clientConfig = ({ region, local }: Connection, service: Service = 'url') => ({
  region,
  maxAttempts: 3,
  requestHandler: new NodeHttpHandler({
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    throwOnRequestTimeout: true,
  }),
  // The stand-ins check no signature, so a developer's own credentials stay out of it.
  ...(local
    ? { endpoint: local[service], credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }
    : {}),
});

/** Stage `local`: the ports of `npm start`, unless the caller's variables override them. */
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
