import * as z from 'zod';
import { AppError, type FieldError } from '../domain/errors.ts';
import { type FlowRequest, isMessageId } from '../domain/message.ts';
import { type Pair, parsePhoneNumber } from '../domain/phone.ts';

/*
 * What comes in, as zod schemas (contract §2). Lengths are counted in characters, as people count them, not in
 * UTF-16 units. Messages name the fault and never the value.
 */

const DATA_LIMIT = 16 * 1024;
const DATA_DEPTH = 100;
// Emoji, flags and keycaps; © ® ™ are letters to WhatsApp.
const EMOJI = /[\p{Extended_Pictographic}--[©®™]]|\p{Regional_Indicator}|\u20e3/v;

const required = (kind: string) => ({
  error: ({ input }: { input?: unknown }) => (input === undefined ? 'is required' : `must be ${kind}`),
});

const text = (max: number) =>
  z
    .string(required('a string'))
    .refine((s) => [...s].length >= 1 && [...s].length <= max, { error: `must have 1 to ${max} characters` })
    .refine((s) => s.isWellFormed(), { error: 'must be well-formed Unicode' });

/** A string that `read` turns into a value, or refuses with `fault`. */
const parsed = <T>(read: (value: string) => T | undefined, fault: string) =>
  z.string(required('a string')).transform((value, context): T => {
    const result = read(value);
    if (result !== undefined) return result;
    context.addIssue({ code: 'custom', message: fault });
    return z.NEVER;
  });

const phone = parsed(parsePhoneNumber, 'must be an international phone number with its country code');
const messageId = parsed(
  (s) => (isMessageId(s) ? s : undefined),
  'must be 1 to 128 of A-Z a-z 0-9 . _ : ~ -',
);

const data = z
  .custom<Record<string, unknown>>(isObject, { error: 'must be an object', abort: true })
  .superRefine((value, context) => {
    const message =
      faultIn(value, DATA_DEPTH) ??
      (sizeOf(value) > DATA_LIMIT ? 'must have at most 16 KiB as JSON' : undefined);
    if (message) context.addIssue({ code: 'custom', message });
  });

const notYet = (goesWith: string) =>
  z.undefined({ error: `goes with whenClosed ${goesWith}, which is not available yet` }).optional();

/** The body of `POST /v1/flows`. */
export const flowBody = z.strictObject(
  {
    messageId,
    to: phone,
    from: phone,
    text: text(1024),
    flowId: text(64),
    flowCta: text(20).refine((s) => !EMOJI.test(s), { error: 'must not have an emoji' }),
    screen: text(80),
    data: data.default({}),
    whenClosed: z
      .literal('reject', { error: 'must be "reject": "park" and "template" are not available yet' })
      .default('reject'),
    template: notYet('"template"'),
    parkForSeconds: notYet('"park" or "template"'),
  },
  required('a JSON object'),
);

/** Reads a flow. Throws `invalid-request` with all faults at once. */
export function parseFlow(body: unknown, defaultFrom: string | undefined): FlowRequest {
  const complete = isObject(body) && body['from'] === undefined ? { ...body, from: defaultFrom } : body;
  const { template: _, parkForSeconds: __, ...request } = parse(flowBody, complete);
  return request;
}

/** `Prefer: respond-async` is refused by name, rather than passed over, until it is kept. */
export function refuseRespondAsync(prefer: string | undefined): void {
  const preferences = (prefer ?? '').split(',').map((p) => p.split(';')[0]?.trim().toLowerCase());
  if (!preferences.includes('respond-async')) return;
  throw invalidRequest([{ path: 'Prefer', message: '"respond-async" is not available yet' }]);
}

const pairPath = z.object({ from: phone, to: phone });

/** Reads `{from}/{to}` of a path: the business number and the customer's. */
export function parsePair(parameters: unknown): Pair {
  const { from, to } = parse(pairPath, parameters);
  return { business: from, customer: to };
}

function parse<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw invalidRequest(result.error.issues.flatMap(fieldErrors));
}

export function invalidRequest(errors: readonly FieldError[]): AppError {
  const faults = errors.length === 1 ? 'One field is' : `${errors.length} fields are`;
  return new AppError('invalid-request', `${faults} not valid; see errors.`, { errors });
}

function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const path = issue.path.map(String);
  if (issue.code !== 'unrecognized_keys') return [{ path: path.join('.'), message: issue.message }];
  return issue.keys.map((key) => ({
    path: [...path, key].join('.'),
    message: 'is not a field of this request',
  }));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** What JSON can't carry faithfully from here to the flow; undefined if all is well. */
function faultIn(value: unknown, levels: number): string | undefined {
  if (typeof value === 'string') return value.isWellFormed() ? undefined : 'must be well-formed Unicode';
  if (typeof value === 'number')
    return isFaithful(value) ? undefined : 'has a number that JSON readers round: send it as a string';
  if (typeof value !== 'object' || value === null) return undefined;
  if (levels === 0) return `must not be nested deeper than ${DATA_DEPTH} levels`;
  for (const [key, inner] of Object.entries(value)) {
    const fault = faultIn(key, 0) ?? faultIn(inner, levels - 1);
    if (fault) return fault;
  }
  return undefined;
}

/** JSON.parse rounds whole numbers beyond 2^53, and makes Infinity of what is larger than any. */
function isFaithful(value: number): boolean {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
}
