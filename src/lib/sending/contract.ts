import * as z from 'zod';
import type { ApiResponse } from '../http/api.ts';
import {
  count,
  customer,
  data,
  isAtMost,
  isObject,
  parse,
  parsed,
  phone,
  required,
  text,
} from '../http/schema.ts';
import { asMessageId, type FlowRequest, type MessageId } from '../messages/message.ts';
import { ownIdOf } from '../messages/namespaced.ts';
import type { Watch } from '../messages/ports.ts';
import { receiptOf } from '../messages/receipt.ts';
import { isUserId } from '../whatsapp/customer.ts';
import { parsePhoneNumber } from '../whatsapp/phone.ts';
import { bodyFaults, labelFaults, lineFaults, parameterFaults } from '../whatsapp/text-rules.ts';
import type { SendResult } from './attempt.ts';

/*
 * The zod schemas of a send's request, and its response (`openapi.yaml`). Lengths count code points, not UTF-16
 * units. Error messages never contain the faulty value.
 */

const messageId = parsed(asMessageId, 'must be 1 to 128 characters from A-Z a-z 0-9 . _ : ~ -');

const URL_LIMIT = 2_048;

const header = z.discriminatedUnion(
  'type',
  [
    z.strictObject({ type: z.literal('TEXT'), parameter: text(60, parameterFaults) }),
    z.strictObject({
      type: z.enum(['IMAGE', 'VIDEO', 'DOCUMENT']),
      mediaUrl: z
        .url({ protocol: /^https$/, error: 'must be an https URL', abort: true })
        .refine((url) => isAtMost(url, URL_LIMIT), { error: `must be at most ${URL_LIMIT} characters long` }),
      filename: text(240, lineFaults).optional(),
    }),
  ],
  {
    error:
      'must be { type: "TEXT", parameter } or { type: "IMAGE" | "VIDEO" | "DOCUMENT", mediaUrl, filename? }',
  },
);

const template = z.strictObject(
  {
    name: text(512, lineFaults),
    languageCode: text(15, lineFaults),
    header: header.optional(),
    placeholders: z
      .array(text(1024, parameterFaults), { error: 'must be an array of strings' })
      .max(50, { error: 'must have at most 50 items' })
      .optional(),
  },
  { error: 'must be { name, languageCode, header?, placeholders? }' },
);

/** What a flow shows and opens. `text` is separate: a campaign's may be longer until it is filled in. */
export const content = {
  flowId: text(64, lineFaults),
  // Meta's page of 2026; older ones say 20.
  flowCta: text(30, labelFaults),
  screen: text(80, lineFaults),
  data: data.default({}),
};

/** What to do while the window is shut, and whether the flow returns our correlation value. */
export const waiting = {
  whenClosed: z
    .enum(['reject', 'park', 'template'], { error: 'must be "reject", "park" or "template"' })
    .default('reject'),
  template: template.optional(),
  parkForSeconds: count
    .min(60, { error: 'must be at least 60' })
    .max(2_592_000, { error: 'must be at most 2592000 (30 days)' })
    .optional(),
  correlate: z.boolean({ error: 'must be true or false' }).optional(),
};

interface Waiting {
  readonly whenClosed: string;
  readonly template?: unknown;
  readonly parkForSeconds?: number | undefined;
}

/** Which of these fields need or exclude each other. */
export function waitingFaults({ value, issues }: z.core.ParsePayload<Waiting>): void {
  const refuse = (path: string, message: string) =>
    issues.push({ code: 'custom', path: [path], message, input: undefined });
  const asks = value.whenClosed === 'template';
  if (asks && !value.template) refuse('template', 'is required with whenClosed "template"');
  if (!asks && value.template) refuse('template', 'is only allowed with whenClosed "template"');
  if (value.whenClosed === 'reject' && value.parkForSeconds !== undefined) {
    refuse('parkForSeconds', 'is only allowed with whenClosed "park" or "template"');
  }
}

/** The body of `POST /v1/flows`. */
export const flowBody = z
  .strictObject(
    {
      messageId,
      to: customer,
      from: phone,
      text: text(1024, bodyFaults),
      ...content,
      ...waiting,
    },
    required('a JSON object'),
  )
  .check(waitingFaults);

const DEFAULT_PARK_SECONDS = 259_200;

/** Parses a flow. Throws `invalid-request` with all faults at once. */
export function parseFlow(body: unknown, defaultFrom: string | undefined): FlowRequest {
  const complete = isObject(body) && body['from'] === undefined ? { ...body, from: defaultFrom } : body;
  return withDefaults(parse(flowBody, complete));
}

/**
 * Validates DEFAULT_FROM once at start, in the functions that use it. The others, above all the webhook,
 * don't load the numbering plan. Throws an error with the variable's name but not its value, like the other
 * settings.
 */
export function defaultFrom({ DEFAULT_FROM: number }: { readonly DEFAULT_FROM?: string | undefined }) {
  if (number === undefined || parsePhoneNumber(number)) return number;
  throw new Error('bad settings: DEFAULT_FROM: must be a phone number');
}

/** The defaults that depend on other fields. */
export function withDefaults<F extends z.output<z.ZodObject<typeof waiting>>>({ correlate, ...plain }: F) {
  const parkForSeconds =
    plain.whenClosed === 'reject' ? undefined : (plain.parkForSeconds ?? DEFAULT_PARK_SECONDS);
  return {
    ...plain,
    ...(correlate ? ({ correlate } as const) : {}),
    ...(parkForSeconds === undefined ? {} : { parkForSeconds }),
  };
}

/** Is `to` a number that no numbering plan has? It may be a typing error. */
export function isUnusual({ to }: FlowRequest): boolean {
  return !isUserId(to) && parsePhoneNumber(to) === undefined;
}

/** Does the caller want its response at once (RFC 7240, `Prefer: respond-async`)? */
export function prefersAsync(prefer: string | undefined): boolean {
  const preferences = (prefer ?? '').split(',').map((p) => p.split(';')[0]?.trim().toLowerCase());
  return preferences.includes('respond-async');
}

const delivery = z.object({ messageId });

/** Parses a record of the delivery queue that asks for a send. */
export function parseDelivery(body: unknown): MessageId {
  return parse(delivery, body).messageId;
}

const watched = z.object({ watch: messageId, owner: z.string() });

/** Is this record of the delivery queue the watch of a lease? */
export function isWatch(body: unknown): boolean {
  return isObject(body) && 'watch' in body;
}

/** Parses the watch of a lease. */
export function parseWatch(body: unknown): Pick<Watch, 'messageId' | 'owner'> {
  const { watch, owner } = parse(watched, body);
  return { messageId: watch, owner };
}

/** The HTTP response to a send: 201 with the stored bytes, or 202 and where to poll. */
export function sendResponse({ message, fresh }: SendResult): ApiResponse {
  const location = `/v1/messages/${ownIdOf(message)}`;
  if (message.answer?.kind !== 'sent') {
    const body = receiptOf(message, { session: null, gateway: null });
    return { status: 202, body, headers: { location } };
  }
  const replayed: Record<string, string> = fresh ? {} : { 'idempotent-replayed': 'true' };
  return { status: 201, body: message.answer.body, headers: { location, ...replayed } };
}
