/** What the caller's environment says about the local system itself: its ports and its secrets. */
import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { Environment } from './environment.ts';

export type LocalSettings = {
  ports: { api: number; simulator: number; aws: number; sqs: number };
  token: string;
  apiKey: string;
  /** At least 32 characters; two, comma-separated, while rotating. */
  webhookSecret: string;
  /** Only while WEBHOOK_HMAC_PARAMETER is set. */
  webhookHmacSecret: string | undefined;
  /** Instead of the queues' own visibility timeout, for those who cannot wait three minutes. */
  visibilityTimeoutSeconds: number | undefined;
};

const port = z.coerce.number().int().min(0).max(65_535);
const secret = z.string().refine((value) => value.split(',').every((part) => part.trim().length >= 32), {
  error: 'has to have at least 32 characters',
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
 * Reads ports and secrets from `env` and makes up the secrets that are not there. PORT=0 means that the
 * simulator and the AWS stand-ins take any free port too, unless they are told otherwise.
 * Throws with the name of what is wrong.
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
    webhookHmacSecret: data.WEBHOOK_HMAC_PARAMETER ? data.LIPAFLOW_LOCAL_WEBHOOK_HMAC : undefined,
    visibilityTimeoutSeconds: data.SQS_VISIBILITY_SECONDS,
  };
};
