import * as z from 'zod';
import { bareWord, DEFAULT_WORDS } from '../whatsapp/opt-out-words.ts';
import type { PhoneNumber } from '../whatsapp/phone.ts';

/** The settings of a function (README.md, "Settings"), read once at start. */
export type Config = ReturnType<typeof readConfig>;

const wholeNumber = (fallback: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback);

/** A comma-separated list of opt-out words, in any spelling. */
const words = (fallback: readonly string[]) =>
  z
    .string()
    .transform((list) =>
      list
        .split(',')
        .map(bareWord)
        .filter((word) => word !== ''),
    )
    .optional()
    .transform((list) => list ?? fallback);

/** Lambda gives a function 4 KB for all of its variables. */
const MOST_NUMBERS = 200;

/** None of the numbers; a variable of Lambda can be empty, and then counts as unset. */
const NO_NUMBER = 'none';

/**
 * A comma-separated list of phone numbers, without duplicates; `none` for an empty one. It needs no numbering plan: `doctor`
 * checks the numbers.
 */
const numbers = z
  .string()
  .transform((list) => (list.trim() === NO_NUMBER ? '' : list))
  .transform((list) => [
    ...new Set(
      list
        .split(',')
        .map((number) => number.replace(/^\s*\+|[\s()-]/g, ''))
        .filter((number) => number !== ''),
    ),
  ])
  .refine((list) => list.every((number) => /^\d{7,15}$/.test(number)), { error: 'must be phone numbers' })
  .refine((list) => list.length <= MOST_NUMBERS, { error: `must be at most ${MOST_NUMBERS} numbers` })
  .transform((list): readonly PhoneNumber[] => list as PhoneNumber[])
  .optional();

const schema = z.object({
  STAGE: z.string().min(1).default('dev'),
  TABLE_NAME: z.string().min(1),
  DELIVERY_QUEUE_URL: z.url().optional(),
  EVENT_BUS_NAME: z.string().min(1).optional(),
  CAMPAIGN_QUEUE_URL: z.url().optional(),
  PLAN_QUEUE_URL: z.url().optional(),
  CALLBACK_QUEUE_URL: z.url().optional(),
  RECIPIENTS_BUCKET: z.string().min(1).optional(),
  NUMBER_PER_MINUTE: wholeNumber(4_800, 1, 60_000),
  CAMPAIGN_PAUSE_AFTER: wholeNumber(10, 1, 1_000),
  LIPACHAT_BASE_URL: z.string().default('https://gateway.lipachat.com/api/v1').refine(isGatewayUrl, {
    error: 'must be an https URL (http on loopback only) without user, password, query or fragment',
  }),
  API_KEY_PARAMETER: z.string().min(1).optional(),
  /** The business numbers with a LipaChat account, and so an apiKey, of their own. Unset: each may have one. */
  NUMBERS_WITH_OWN_KEY: numbers,
  WEBHOOK_SECRET_PARAMETER: z.string().min(1).optional(),
  WEBHOOK_HMAC_PARAMETER: z.string().min(1).optional(),
  ERASURE_KEY_PARAMETER: z.string().min(1).optional(),
  WEBHOOK_TOLERANCE_SECONDS: wholeNumber(300, 1, 86_400),
  SECRET_CACHE_SECONDS: wholeNumber(300, 0, 86_400),
  /** Validated only by the functions that use it: see `defaultFrom` in `sending/contract.ts`. */
  DEFAULT_FROM: z.string().optional(),
  GATEWAY_DEADLINE_MS: wholeNumber(20_000, 100, 600_000),
  GATEWAY_ATTEMPTS: wholeNumber(2, 1, 10),
  LEASE_SECONDS: wholeNumber(60, 1, 900),
  AMBIGUOUS_OUTCOME: z.enum(['resend', 'hold']).default('resend'),
  RESEND_HORIZON_SECONDS: wholeNumber(900, 0, 86_400),
  RETENTION_DAYS: wholeNumber(30, 1, 3650),
  /** Off for the first deployment over version 0.1, which can't read packed messages (docs/upgrading.md). */
  PACK_MESSAGES: z.stringbool().default(true),
  SESSION_MARGIN_SECONDS: wholeNumber(60, 0, 3600),
  OPT_OUT_WORDS: words(DEFAULT_WORDS.stop),
  OPT_IN_WORDS: words(DEFAULT_WORDS.start),
  SEND_TO_USER_IDS: z.enum(['true', 'false']).default('false'),
  /** The SDK's own variable. If set, all buckets share one host. */
  AWS_ENDPOINT_URL_S3: z.string().optional(),
  LOG_LEVEL: z.enum(['DEBUG', 'INFO', 'WARN', 'ERROR']).default('INFO'),
});

/** Throws an error that names each bad variable, but no value. */
export function readConfig(environment: Record<string, string | undefined> = process.env) {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(set);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new Error(`bad settings: ${faults.join('; ')}`);
  }
  const env = parsed.data;
  return {
    ...env,
    LIPACHAT_BASE_URL: env.LIPACHAT_BASE_URL.replace(/\/+$/, ''),
    API_KEY_PARAMETER: env.API_KEY_PARAMETER ?? `/lipaflow/${env.STAGE}/lipachat/api-key`,
    ERASURE_KEY_PARAMETER: env.ERASURE_KEY_PARAMETER ?? `/lipaflow/${env.STAGE}/erasure/key`,
    WEBHOOK_SECRET_PARAMETER: env.WEBHOOK_SECRET_PARAMETER ?? `/lipaflow/${env.STAGE}/webhook/secret`,
  };
}

/**
 * The X-Ray trace by which CloudWatch links log lines; undefined if X-Ray keeps none. Lambda sets it in the environment with each
 * event, whether the event is sampled or not.
 */
export function traceOfInvocation(): string | undefined {
  const trace = process.env['_X_AMZN_TRACE_ID'] ?? '';
  return trace.includes('Sampled=1') ? /Root=([^;]+)/.exec(trace)?.[1] : undefined;
}

function isGatewayUrl(text: string): boolean {
  const url = URL.parse(text);
  if (!url || url.username || url.password || url.search || url.hash || /[?#]/.test(text)) return false;
  const loopback = /^(127(\.\d{1,3}){3}|localhost|\[::1\])$/.test(url.hostname);
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopback);
}
