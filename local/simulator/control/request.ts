import * as z from 'zod';
import type { WebhookResult } from '../webhook.ts';

/** `subject` is the decoded variable segment of the path: a customer, a messageId or a template's name. */
export type ControlRequest = { subject: string; query: URLSearchParams; body: unknown };

export const phone = z.string().regex(/^\+?\d{7,15}$/, 'a phone number');

/** How often to call our webhook with the same bytes: one after the other or, with `concurrent`, all at once. */
export const repeats = {
  repeat: z.int().min(1).max(1000).default(1),
  concurrent: z.boolean().default(false),
};

export async function callTimes(
  call: () => Promise<WebhookResult>,
  times: { repeat: number; concurrent: boolean },
): Promise<WebhookResult[]> {
  if (times.concurrent) return Promise.all(Array.from({ length: times.repeat }, call));
  const results: WebhookResult[] = [];
  while (results.length < times.repeat) results.push(await call());
  return results;
}
