import * as z from 'zod';
import { digitsOf } from './http.ts';

const codePoints = (text: string): number => [...text].length;

const filled = z.string().min(1);
const between = (least: number, most: number) =>
  z
    .string()
    .refine(
      (text) => codePoints(text) >= least && codePoints(text) <= most,
      `${least} to ${most} characters`,
    );

/** `to` has digits only. `from` may have a plus, as in the documented sandbox number. */
const addressed = {
  messageId: filled,
  to: z.string().regex(/^\d{7,15}$/, 'digits only'),
  from: z.string().regex(/^\+?\d{7,15}$/, 'a phone number'),
};

const flow = z.looseObject({
  ...addressed,
  text: between(1, 1024),
  flowId: filled,
  flowCta: between(1, 30).refine((text) => !/\p{Emoji_Presentation}|\uFE0F/u.test(text), 'no emoji'),
  screen: filled,
  data: z
    .record(z.string(), z.unknown())
    .refine((data) => Object.keys(data).length > 0, 'must not be empty')
    .optional(),
});

/** Meta: "Param text cannot have new-line/tab characters or more than 4 consecutive spaces". */
const value = z.string().refine((text) => !/[\n\r\t]| {5}/.test(text), 'no line feed, tab or five blanks');

const header = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('TEXT'), parameter: value.min(1) }),
  z.looseObject({
    type: z.enum(['IMAGE', 'VIDEO', 'DOCUMENT']),
    mediaUrl: z.url(),
    filename: filled.optional(),
  }),
]);

const template = z.looseObject({
  ...addressed,
  template: z.looseObject({
    name: filled,
    languageCode: filled,
    components: z.looseObject({
      header: header.optional(),
      body: z.looseObject({ placeholders: z.array(value) }),
    }),
  }),
});

const text = z.looseObject({ ...addressed, message: between(1, 4096) });

export type SendKind = 'flow' | 'template' | 'text';

const contracts: Record<SendKind, z.ZodType<z.infer<z.ZodObject<typeof addressed>>>> = {
  flow,
  template,
  text,
};

/** A body that the gateway would accept; `to` and `from` as digits. */
export type Send = { kind: SendKind; messageId: string; to: string; from: string; body: unknown };

/** Validates a body as the gateway does. The reasons are for our request log; the gateway itself gives none. */
export function readSend(kind: SendKind, body: unknown): { send: Send } | { reason: string } {
  const read = contracts[kind].safeParse(body);
  if (!read.success) return { reason: describe(read.error) };
  const { messageId, to, from } = read.data;
  return { send: { kind, messageId, to: digitsOf(to), from: digitsOf(from), body } };
}

const named = z.looseObject({ template: z.looseObject({ name: z.string() }) });

export function templateName(body: unknown): string | undefined {
  return named.safeParse(body).data?.template.name;
}

function describe(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`).join('; ');
}
