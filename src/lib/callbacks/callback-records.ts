import { gunzipSync } from 'node:zlib';
import * as z from 'zod';
import { parse } from '../http/schema.ts';
import type { ReceivedCallback } from './received-callback.ts';

const head = z.object({
  receivedAt: z.iso.datetime().transform((text) => new Date(text)),
  correlationId: z.string(),
  unchecked: z.object({ secretHash: z.string(), signature: z.string().optional() }).optional(),
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
