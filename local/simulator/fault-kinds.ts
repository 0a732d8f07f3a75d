import * as z from 'zod';
import { codePlace, errorCode } from './codes.ts';

const httpStatus = z.int().min(200).max(599);
const milliseconds = z.int().min(0).max(3_600_000);

/** Whether the message is delivered although the response doesn't say so. */
const accepted = z.boolean().default(false);

/** Faults that replace the gateway's response by an invented one. */
const inventions = [
  z.strictObject({
    kind: z.literal('outcome'),
    status: httpStatus,
    headers: z.record(z.string(), z.string()).default({}),
    body: z.unknown().optional(),
    raw: z.string().optional(),
    accepted,
  }),
  z.strictObject({
    kind: z.literal('reject'),
    httpStatus: httpStatus.default(400),
    message: z.string().default('Request failed.'),
    errors: z.unknown().optional(),
  }),
  z.strictObject({
    kind: z.literal('error-code'),
    code: errorCode,
    httpStatus: httpStatus.default(400),
    place: codePlace.default('message'),
  }),
  z.strictObject({
    kind: z.literal('invalid-credentials'),
    httpStatus: z.union([z.literal(200), z.literal(401)]).default(401),
  }),
  z.strictObject({ kind: z.literal('session-closed'), httpStatus: httpStatus.default(400) }),
  z.strictObject({
    kind: z.literal('throttle'),
    retryAfter: z.union([z.int().min(0), z.string()]).optional(),
  }),
  z.strictObject({ kind: z.literal('html-502'), accepted }),
  /** A response of something in front of LipaChat, or behind a wrong URL: it judges no message. */
  z.strictObject({
    kind: z.literal('foreign'),
    status: httpStatus.default(403),
    form: z.enum(['html', 'framework', 'proxy', 'empty']).default('html'),
  }),
  /** A receipt, or a refusal, with JSON in it that no parser should be trusted with. */
  z.strictObject({
    kind: z.literal('hostile-json'),
    status: httpStatus.default(200),
    form: z.enum(['deep', 'wide', 'long']).default('deep'),
    size: z.int().min(1).max(5_000_000).default(25_000),
    accepted,
  }),
  z.strictObject({
    kind: z.literal('server-error'),
    status: z.int().min(500).max(599).default(500),
    accepted,
  }),
  z.strictObject({
    kind: z.literal('redirect'),
    status: z.union([301, 302, 303, 307, 308].map((status) => z.literal(status))).default(307),
    location: z.string().min(1),
    accepted,
  }),
  z.strictObject({ kind: z.literal('not-json'), accepted }),
  z.strictObject({ kind: z.literal('empty'), accepted }),
  z.strictObject({ kind: z.literal('success-without-data'), accepted }),
  z.strictObject({
    kind: z.literal('accepted-status'),
    httpStatus: z.int().min(200).max(299).default(200),
    status: z.string().default('FAILED'),
    statusDesc: z.string().default('Message failed to send'),
    accepted,
  }),
] as const;

/** Wire faults: the gateway does its work, and something happens to the response or the connection. */
const breakages = [
  z.strictObject({ kind: z.literal('reset-before-accept') }),
  z.strictObject({ kind: z.literal('silence-before-accept') }),
  z.strictObject({ kind: z.literal('accept-then-reset') }),
  z.strictObject({ kind: z.literal('accept-then-silence') }),
  z.strictObject({
    kind: z.literal('slow'),
    delayMs: milliseconds,
    acceptFirst: z.boolean().default(true),
  }),
  z.strictObject({ kind: z.literal('slow-drip'), intervalMs: milliseconds.default(250) }),
  z.strictObject({ kind: z.literal('cut-body') }),
  z.strictObject({ kind: z.literal('no-messageId-echo') }),
  z.strictObject({ kind: z.literal('huge-body'), bytes: z.int().min(1).default(10_000_000), accepted }),
  z.strictObject({
    kind: z.literal('gzip-bomb'),
    megabytes: z.int().min(1).max(4096).default(200),
    accepted,
  }),
] as const;

const invention = z.discriminatedUnion('kind', inventions);
const breakage = z.discriminatedUnion('kind', breakages);

export type Invention = z.infer<typeof invention>;
export type Breakage = z.infer<typeof breakage>;
export type Fault = Invention | Breakage;

/**
 * When a fault hits: every field of `match` must match. `path` is exact and below /api/v1; without it, only sends (POST)
 * match. `attempt` is the nth request with its messageId. `times: null` means without limit.
 */
export const faultRule = z.strictObject({
  match: z
    .strictObject({
      messageId: z.string().optional(),
      to: z.string().optional(),
      path: z.string().optional(),
      attempt: z.int().min(1).optional(),
    })
    .default({}),
  times: z.int().min(1).nullable().default(1),
  fault: z.discriminatedUnion('kind', [...inventions, ...breakages]),
});
export type FaultRule = z.infer<typeof faultRule>;
