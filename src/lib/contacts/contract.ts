import * as z from 'zod';
import { parse } from '../http/schema.ts';

/** The form of a UUID, in lower case, whatever its version: what has it and leads nowhere is `not-found`. */
const ERASURE_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const erasureId = z.string().regex(ERASURE_ID, { error: 'must be the id of an erasure' });
const erasureJob = z.object({ erasureId });

/** Is this record of the plan queue an erasure? A plan has a campaignId instead. Written by `sqs-erasures.ts`. */
export function isErasureJob(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'erasureId' in body;
}

export const parseErasureJob = (body: unknown) => parse(erasureJob, body);

/** Parses `{erasureId}` of a path. */
export const parseErasureId = (path: unknown) => parse(erasureJob, path).erasureId;
