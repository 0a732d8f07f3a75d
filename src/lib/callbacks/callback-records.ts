import { gunzipSync } from 'node:zlib';
import * as z from 'zod';
import { parse } from '../http/schema.ts';
import { REPORTED_STATUSES } from '../messages/status.ts';
import type { ReceivedCallback } from './received-callback.ts';
import type { UnmatchedStatus } from './unmatched-status.ts';

const head = z.object({
  receivedAt: z.iso.datetime().transform((text) => new Date(text)),
  correlationId: z.string(),
  unchecked: z
    .object({
      secretHash: z.string(),
      signature: z.string().optional(),
      standard: z.object({ id: z.string(), timestamp: z.string(), signatures: z.string() }).optional(),
    })
    .optional(),
  replayOf: z.string().optional(),
  encoding: z.literal('gzip').optional(),
});

/** Parses a record of the callback queue. Throws if the webhook did not write it. */
export function parseCallbackRecord(text: string): ReceivedCallback {
  const end = text.indexOf('\n');
  const { encoding, ...received } = parse(head, JSON.parse(text.slice(0, end)));
  const body = text.slice(end + 1);
  return { ...received, bytes: encoding ? gunzipSync(Buffer.from(body, 'base64')) : Buffer.from(body) };
}

const LOOKUP = '{"lookUp":';

const lookup = z.object({
  lookUp: z.object({
    waKey: z.string(),
    report: z.object({
      status: z.enum(REPORTED_STATUSES),
      at: z.iso.datetime().transform((text) => new Date(text)),
      code: z.number().optional(),
      detail: z.string().optional(),
    }),
    lookups: z.int().nonnegative(),
  }),
});

/** Is the record a status to look up again? A received callback begins with its time. */
export function isLookup(text: string): boolean {
  return text.startsWith(LOOKUP);
}

/** Parses a record for which `isLookup` holds. Throws if this service did not write it. */
export function parseLookup(text: string): UnmatchedStatus {
  return parse(lookup, JSON.parse(text)).lookUp;
}
