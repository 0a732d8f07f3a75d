import * as z from 'zod';
import { type FieldError, invalidRequest } from '../platform/errors.ts';
import { customerIn, type Pair, parsePhoneNumber, storedPhoneNumber } from '../whatsapp/phone.ts';

/*
 * Parts of the zod schemas of requests. Lengths count code points, not UTF-16 units: so does JSON Schema in
 * `openapi.yaml`, and WhatsApp doesn't say what it counts. Error messages never contain the faulty value.
 */

const DATA_LIMIT = 16 * 1024;
const DATA_DEPTH = 100;
export const ROUNDED_NUMBER = 'contains a number that JSON parsers round: send it as a string';
/** The places of rounded numbers that a refusal names. */
const SHOWN_PLACES = 10;
const SHOWN_LENGTH = 300;

export const required = (kind: string) => ({
  error: ({ input }: { input?: unknown }) => (input === undefined ? 'is required' : `must be ${kind}`),
});

/** Without counting the code points of a text that is far too long. */
export const isAtMost = (s: string, max: number): boolean =>
  s.length <= max || (s.length <= 2 * max && [...s].length <= max);

/**
 * One line of ASCII with a visible character and without many blanks: WhatsApp refuses nothing in it. It is tested on texts
 * that are far too long, too, so no two repeats may stand for the same characters.
 */
const PLAIN = /^(?!.* {5}) *[!-~][ -~]*$/;

/** `faultsOf`: what else WhatsApp refuses in it (`whatsapp/text-rules.ts`). */
export const text = (max: number, faultsOf?: (text: string) => readonly string[]) =>
  z
    .string(required('a string'))
    .refine((s) => s !== '' && isAtMost(s, max), {
      error: `must be 1 to ${max} characters long`,
    })
    .refine((s) => s.isWellFormed(), { error: 'must be well-formed Unicode' })
    .check(({ value, issues }) => {
      if (!faultsOf || PLAIN.test(value)) return;
      for (const message of faultsOf(value)) issues.push({ code: 'custom', message, input: undefined });
    });

/** A string that `read` converts, or that fails with `fault`. */
export const parsed = <T>(read: (value: string) => T | undefined, fault: string) =>
  z.string(required('a string')).transform((value, context): T => {
    const result = read(value);
    if (result !== undefined) return result;
    context.addIssue({ code: 'custom', message: fault });
    return z.NEVER;
  });

const PHONE_FAULT = 'must be an international phone number with a country code';
const CUSTOMER_FAULT = `${PHONE_FAULT}, or a WhatsApp user id such as US.13491208655302741918`;

/** Of a number in any spelling, with marks and blanks, or a user id. */
const LONGEST_CUSTOMER = 160;
const short =
  <T>(read: (value: string) => T | undefined) =>
  (value: string) =>
    isAtMost(value, LONGEST_CUSTOMER) ? read(value) : undefined;

export const phone = parsed(short(parsePhoneNumber), PHONE_FAULT);
/** Anything that a callback can name. A send judges a number that no numbering plan has (`sending/recipient.ts`). */
export const customer = parsed(short(customerIn), CUSTOMER_FAULT);

export const data = z
  .custom<Record<string, unknown>>(isObject, { error: 'must be an object', abort: true })
  .superRefine((value, context) => {
    const message =
      faultIn(value) ?? (sizeOf(value) > DATA_LIMIT ? 'must be at most 16 KiB as JSON' : undefined);
    if (message) context.addIssue({ code: 'custom', message });
  });

/** With nanoseconds and an offset. */
const INSTANT_LIMIT = 35;

export const instant = z.iso
  .datetime({
    offset: true,
    error: 'must be an ISO 8601 date-time with a time zone, such as 2026-01-02T03:04:05Z',
  })
  .max(INSTANT_LIMIT, { error: `must be at most ${INSTANT_LIMIT} characters long` })
  .transform((s) => new Date(s));

export const count = z.int({ error: 'must be an integer' });

const pairPath = z.object({ from: parsed(short(storedPhoneNumber), PHONE_FAULT), to: customer });

/** Parses `{from}/{to}` of a path: the business number, and the customer's number or user id. */
export function parsePair(parameters: unknown): Pair {
  const { from, to } = parse(pairPath, parameters);
  return { business: from, customer: to };
}

export function parse<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw invalidRequest(result.error.issues.flatMap(fieldErrors));
}

function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const path = issue.path.map(String);
  if (issue.code !== 'unrecognized_keys') return [{ path: path.join('.'), message: issue.message }];
  return issue.keys.map((key) => ({
    path: [...path, key].join('.'),
    message: 'is not a known field',
  }));
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** What JSON can't carry to the flow unchanged; undefined if everything survives. */
function faultIn(value: unknown): string | undefined {
  const rounded: string[] = [];
  const fault = structureFault(value, [], rounded);
  if (fault) return fault;
  const places = rounded.slice(0, SHOWN_PLACES).join(', ').slice(0, SHOWN_LENGTH).toWellFormed();
  return places === '' ? undefined : `${ROUNDED_NUMBER} (${places})`;
}

/** Notes where numbers are that can't be sent. */
function structureFault(value: unknown, path: readonly string[], rounded: string[]): string | undefined {
  if (typeof value === 'string') return value.isWellFormed() ? undefined : 'must be well-formed Unicode';
  if (typeof value === 'number' && !isFaithful(value)) rounded.push(path.join('.'));
  if (typeof value !== 'object' || value === null) return undefined;
  if (path.length === DATA_DEPTH) return `must not be nested deeper than ${DATA_DEPTH} levels`;
  for (const [key, inner] of Object.entries(value)) {
    if (!key.isWellFormed()) return 'must be well-formed Unicode';
    const fault = structureFault(inner, [...path, key], rounded);
    if (fault) return fault;
  }
  return undefined;
}

/** JSON.parse rounds integers beyond 2^53. Where it rounds others, `parseExactJson` gives Infinity. */
function isFaithful(value: number): boolean {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
}
