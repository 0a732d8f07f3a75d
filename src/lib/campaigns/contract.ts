import * as z from 'zod';
import { count, instant, parse, parsed, phone, required, text } from '../http/schema.ts';
import { content, waiting, waitingFaults, withDefaults } from '../sending/contract.ts';
import { bodyFaults } from '../whatsapp/text-rules.ts';
import { type CampaignId, isCampaignId } from './campaign-id.ts';
import type { CampaignOrder } from './create.ts';
import { OUTCOMES } from './ledger.ts';
import { placeholdersIn } from './plan/placeholders.ts';
import { inlineRow, placeIn, s3Uri } from './plan/source.ts';
import type { RecipientStatus } from './read.ts';

/*
 * The zod schemas of campaign requests. The texts of a message may contain `{{column}}`. Planning validates
 * the rendered texts for each recipient.
 */

const INLINE_LIMIT = 1_000;
/** Longer than the rendered text may be: a placeholder's name may be longer than its value. */
const TEXT_LIMIT = 2_048;
const EXPRESSION_LIMIT = 256;
const TIME_ZONE_LIMIT = 64;

export const campaignId = parsed(
  (s) => (isCampaignId(s) ? s : undefined),
  'must be 1 to 100 characters from A-Z a-z 0-9 . _ : ~ -',
);

const message = z
  .strictObject(
    {
      from: phone,
      text: text(TEXT_LIMIT, bodyFaults),
      ...content,
      ...waiting,
    },
    required('an object'),
  )
  .check(waitingFaults)
  .check(({ value, issues }) => {
    const { text: _, data: __, template, ...rest } = value;
    const { placeholders: ___, ...head } = template ?? {};
    for (const [field, inner] of Object.entries({ ...rest, template: head })) {
      if (placeholdersIn(inner).length === 0) continue;
      const why =
        'must not contain {{column}}: placeholders are only allowed in text, data and template.placeholders';
      issues.push({ code: 'custom', path: [field], message: why, input: undefined });
    }
  });

const recipients = z.union(
  [
    z.strictObject({
      inline: z
        .array(inlineRow, { error: 'must be an array of objects' })
        .min(1, { error: 'must have at least one item' })
        .max(INLINE_LIMIT, { error: `must have at most ${INLINE_LIMIT} items: upload a file for more` }),
    }),
    z.strictObject({
      s3: s3Uri,
      format: z.enum(['csv', 'jsonl'], { error: 'must be "csv" or "jsonl"' }).optional(),
    }),
  ],
  { error: 'must be { inline: [{ to, … }] } or { s3: "s3://bucket/key", format? }' },
);

/** The body of `POST /v1/campaigns`. */
export const campaignBody = z
  .strictObject(
    {
      campaignId,
      name: text(200),
      message,
      recipients: recipients.optional(),
      perMinute: count
        .min(1, { error: 'must be at least 1' })
        .max(4_800, { error: 'must be at most 4800 (80 a second)' })
        .default(60),
      startAt: instant.optional(),
      schedule: z
        .strictObject(
          {
            expression: text(EXPRESSION_LIMIT),
            timeZone: text(TIME_ZONE_LIMIT).optional(),
          },
          { error: 'must be { expression, timeZone? }' },
        )
        .optional(),
      expiresAt: instant.optional(),
    },
    required('a JSON object'),
  )
  .check(({ value, issues }) => {
    if (!value.startAt || !value.schedule) return;
    issues.push({
      code: 'custom',
      path: ['startAt'],
      message: 'is not allowed with schedule',
      input: undefined,
    });
  });

/** Parses a campaign. Throws `invalid-request` with all faults at once. */
export function parseCampaign(body: unknown, defaultFrom: string | undefined): CampaignOrder {
  const {
    recipients: given,
    message: sent,
    ...definition
  } = parse(campaignBody, withFrom(body, defaultFrom));
  return {
    definition: { ...definition, message: withDefaults(sent) },
    recipients: given && recipientsOf(given),
  };
}

function withFrom(body: unknown, defaultFrom: string | undefined): unknown {
  const { message: given } = (body ?? {}) as { message?: { from?: unknown } };
  if (typeof given !== 'object' || given === null || given.from !== undefined) return body;
  return { ...(body as object), message: { ...given, from: defaultFrom } };
}

function recipientsOf(given: z.output<typeof recipients>): CampaignOrder['recipients'] {
  if ('inline' in given) return { kind: 'inline', rows: given.inline };
  const { bucket, key } = placeIn(given.s3);
  const byName = /\.(jsonl|ndjson|json)(\.gz)?$/i.test(key) ? 'jsonl' : 'csv';
  return { kind: 's3', bucket, key, format: given.format ?? byName };
}

/** Parses `{campaignId}` of a path. */
export function parseCampaignId(path: { readonly [name: string]: string | undefined }): CampaignId {
  return parse(z.object({ campaignId }), path).campaignId;
}

const uploadBody = z.strictObject({
  format: z.enum(['csv', 'jsonl'], { error: 'must be "csv" or "jsonl"' }).default('csv'),
});

/** Parses the body of `POST /v1/campaigns/{campaignId}/recipients`, which may be absent. */
export function parseUpload(body: unknown): 'csv' | 'jsonl' {
  return parse(uploadBody, body === undefined ? {} : body).format;
}

const STATUSES = [
  ...OUTCOMES,
  'pending',
  'not-reached',
  'invalid',
  'duplicate',
] as const satisfies RecipientStatus[];

const listQuery = z.object({ after: z.string().optional() });

/** Parses the query of `GET /v1/campaigns`. */
export function parseListQuery(query: unknown) {
  return { after: parse(listQuery, query ?? {}).after };
}

const recipientsQuery = z.object({
  status: z.enum(STATUSES, { error: `must be one of ${STATUSES.join(', ')}` }).optional(),
  after: z.string().optional(),
});

/** Parses the query of `GET /v1/campaigns/{campaignId}/recipients`. */
export function parseRecipientsQuery(query: unknown) {
  const { status, after } = parse(recipientsQuery, query ?? {});
  return { status, after };
}

const planQuery = z.object({
  dryRun: z.enum(['true', 'false'], { error: 'must be true or false' }).default('false'),
});

/** Parses the query of `POST /v1/campaigns/{campaignId}/plan`. */
export function parseDryRun(query: unknown): boolean {
  return parse(planQuery, query ?? {}).dryRun === 'true';
}
