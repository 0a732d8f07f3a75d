import * as z from 'zod';
import { instant, parse } from '../http/schema.ts';
import { campaignId } from './contract.ts';

/** Written by `sqs-campaigns.ts`. The names are those of 0.1, so that records in flight survive an upgrade. */
const recipientJob = z
  .object({ campaignId, n: z.int(), row: z.int(), wokenAt: instant, slotAt: instant, tries: z.int() })
  .transform(({ wokenAt, slotAt, ...job }) => ({ ...job, enqueuedAt: wokenAt, scheduledAt: slotAt }));

/** Is this record one recipient's job? A record of the delivery queue has a messageId instead. */
export function isRecipientJob(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'campaignId' in body;
}

/** Parses a record of the campaign queue. */
export const parseRecipientJob = (body: unknown) => parse(recipientJob, body);

const planJob = z.object({ campaignId, planId: z.string() });

/** Parses a record of the plan queue. */
export const parsePlanJob = (body: unknown) => parse(planJob, body);
