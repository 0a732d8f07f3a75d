import * as z from 'zod';
import { isAtMost, ROUNDED_NUMBER } from '../../http/schema.ts';

/* The zod schemas of the two places of recipients in a request: a row, and the URI of a file. */

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
