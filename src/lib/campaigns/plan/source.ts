import * as z from 'zod';
import { isAtMost, ROUNDED_NUMBER } from '../../http/schema.ts';
import type { Caller } from '../../platform/caller.ts';
import { invalidRequest } from '../../platform/errors.ts';
import { type Campaign, hasEnded, type RecipientSource } from '../campaign.ts';
import type { ObjectStore } from '../ports.ts';

/**
 * The key of a campaign's recipients. Each run of a schedule reads them again, so they don't expire like
 * other uploads (infra/bucket.yml): they are kept until the schedule has ended.
 */
export function sourceKey(
  { campaignId, schedule }: Pick<Campaign, 'campaignId' | 'schedule'>,
  name: string,
): string {
  return `${schedule ? 'schedules' : 'uploads'}/${campaignId}/${name}`;
}

/** Removes the recipients kept for a schedule that has ended. */
export async function forgetSource(
  objects: ObjectStore,
  campaign: Campaign & { readonly source?: RecipientSource | undefined },
): Promise<void> {
  const { schedule, source } = campaign;
  if (hasEnded(campaign) && schedule && source && source.given !== 's3') await objects.remove(source.key);
}

/** What the stack keeps of every campaign in its own bucket: uploads, the files of schedules, plans. */
const OF_CAMPAIGNS = /^(?:uploads|schedules|plans)\//;
/** A segment that a URL, or a tool between, may resolve. */
const RELATIVE = /(?:^|\/)\.{0,2}(?:\/|$)/;

type Asker = Pick<Caller, 'recipientSources' | 'numbers' | 'namespaceKey'>;

/**
 * Where the caller's campaigns may read recipients, as `s3://bucket/prefix/`; undefined for all that the stack may read. A
 * client with business numbers or a namespace of its own reads only what is listed for it.
 */
function sourcesOf({ recipientSources, numbers, namespaceKey }: Asker): readonly string[] | undefined {
  if (recipientSources) return recipientSources;
  return numbers || namespaceKey !== undefined ? [] : undefined;
}

/**
 * Throws `invalid-request` if the caller's campaigns may not read this object, whether it exists or not. An upload comes
 * through the campaign's own route, so no caller may name one.
 */
export function assertMayRead(
  caller: Asker,
  { bucket, key }: { readonly bucket: string; readonly key: string },
  ownBucket: string,
): void {
  const sources = sourcesOf(caller);
  const isListed = (source: string) => `s3://${bucket}/${key}`.startsWith(source) && !RELATIVE.test(key);
  const isAnothers = bucket === ownBucket && OF_CAMPAIGNS.test(key);
  if (!isAnothers && (sources === undefined || sources.some(isListed))) return;
  const message = 'must name an object that this client may read: ask an operator (`client list --json`)';
  throw invalidRequest([{ path: 'recipients.s3', message }]);
}

/** S3's, in bytes of UTF-8. */
const KEY_LIMIT = 1_024;

/** The place that `s3://bucket/key` names. */
export function placeIn(uri: string): { readonly bucket: string; readonly key: string } {
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  return { bucket, key };
}

export const s3Uri = z
  .string()
  .regex(/^s3:\/\/[a-z0-9.-]{3,63}\/.+$/, { error: 'must be s3://bucket/key' })
  .refine((uri) => uri.isWellFormed(), { error: 'must be well-formed Unicode' })
  .refine((uri) => Buffer.byteLength(placeIn(uri).key) <= KEY_LIMIT, {
    error: `must have a key of at most ${KEY_LIMIT} bytes`,
  });

/** As long as a row may be. */
const CELL_LIMIT = 32 * 1024;
const COLUMN_LIMIT = 256;

const anyNumber = z.custom<number>((value) => typeof value === 'number');

const cell = z
  .union(
    [
      z.string().refine((s) => isAtMost(s, CELL_LIMIT), {
        error: `must be at most ${CELL_LIMIT} characters long`,
      }),
      anyNumber.refine(Number.isFinite, { error: ROUNDED_NUMBER }),
      z.boolean(),
    ],
    {
      error: 'must be a string, a number or a boolean',
    },
  )
  .transform(String);

/** A recipient of a request: the columns of a row. */
export const inlineRow = z
  .record(z.string(), cell)
  .refine((columns) => Object.keys(columns).every((name) => isAtMost(name, COLUMN_LIMIT)), {
    error: `must have column names of at most ${COLUMN_LIMIT} characters`,
  });
