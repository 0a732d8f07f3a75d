/** The local system's own settings from the caller's environment: ports and secrets. */
import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { Environment } from './environment.ts';

export type LocalSettings = {
  ports: { api: number; simulator: number; aws: number; sqs: number };
  token: string;
  apiKey: string;
  /** At least 32 characters; two, comma-separated, during a rotation. */
  webhookSecret: string;
  /** For as long as the process runs, like the table. */
  erasureKey: string;
  /** Only if WEBHOOK_HMAC_PARAMETER is set. */
  webhookHmacSecret: string | undefined;
  /** Overrides the queues' visibility timeout of three minutes. */
  visibilityTimeoutSeconds: number | undefined;
};

const port = z.coerce.number().int().min(0).max(65_535);
const secret = z.string().refine((value) => value.split(',').every((part) => part.trim().length >= 32), {
  error: 'must have at least 32 characters',
});

const schema = z.object({
  PORT: port.default(3000),
  SIMULATOR_PORT: port.optional(),
  AWS_PORT: port.optional(),
  SQS_PORT: port.optional(),
  SQS_VISIBILITY_SECONDS: z.coerce.number().int().min(0).max(43_200).optional(),
  LIPAFLOW_LOCAL_TOKEN: z.string().default(() => `local-${randomBytes(24).toString('hex')}`),
  LIPAFLOW_LOCAL_API_KEY: z.string().default(() => randomBytes(24).toString('hex')),
  LIPAFLOW_LOCAL_WEBHOOK_SECRET: secret.default(() => randomBytes(24).toString('hex')),
  LIPAFLOW_LOCAL_WEBHOOK_HMAC: secret.default(() => randomBytes(24).toString('hex')),
  WEBHOOK_HMAC_PARAMETER: z.string().optional(),
});

const withoutEmpty = (env: Environment): Environment =>
  Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));

/**
 * Reads ports and secrets from `env` and generates missing secrets. With PORT=0, the simulator and the AWS stand-ins
 * use any free port too, unless their own ports are set.
 * Throws an error that names the invalid setting.
 */
export const readSettings = (env: Environment): LocalSettings => {
  const { data, error } = schema.safeParse(withoutEmpty(env));
  if (error) {
    throw new Error(error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'));
  }
  const anyPort = data.PORT === 0;
  return {
    ports: {
      api: data.PORT,
      simulator: data.SIMULATOR_PORT ?? (anyPort ? 0 : 4010),
      aws: data.AWS_PORT ?? (anyPort ? 0 : 4011),
      sqs: data.SQS_PORT ?? (anyPort ? 0 : 4012),
    },
    token: data.LIPAFLOW_LOCAL_TOKEN,
    apiKey: data.LIPAFLOW_LOCAL_API_KEY,
    webhookSecret: data.LIPAFLOW_LOCAL_WEBHOOK_SECRET,
    erasureKey: randomBytes(32).toString('base64url'),
    webhookHmacSecret: data.WEBHOOK_HMAC_PARAMETER ? data.LIPAFLOW_LOCAL_WEBHOOK_HMAC : undefined,
    visibilityTimeoutSeconds: data.SQS_VISIBILITY_SECONDS,
  };
};
