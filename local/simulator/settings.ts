import * as z from 'zod';
import { errorCode } from './codes.ts';
import { phone } from './control/request.ts';
import { digitsOf } from './http.ts';
import { whatsappPart } from './whatsapp.ts';

export const statusWord = z.enum(['SENT', 'DELIVERED', 'READ', 'FAILED']);
export type StatusWord = z.infer<typeof statusWord>;

/**
 * The form of a status callback: the gateway's own with a FAILED code as `errorCode`, the same with the code only in
 * `statusDesc` (`words`) or in an object there (`objects`), or WhatsApp's envelope or a part of it.
 */
export const statusShape = z.enum(['flat', 'words', 'objects', ...whatsappPart.options]);
export type StatusShape = z.infer<typeof statusShape>;

const httpStatus = z.int().min(200).max(599);
const milliseconds = z.int().min(0).max(3_600_000);

const failure = z.strictObject({
  messageId: z.string().min(1).optional(),
  to: phone.optional(),
  code: errorCode,
});

const callbacks = z.strictObject({
  enabled: z.boolean(),
  shape: statusShape,
  delayMs: z.union([milliseconds, z.partialRecord(statusWord, milliseconds)]),
  statuses: z.array(statusWord),
  duplicate: z.boolean(),
  reorder: z.boolean(),
  early: z.boolean(),
  errorCode,
  failWith: z.union([z.array(failure), failure.transform((only) => [only])]),
});

const settings = z.strictObject({
  apiKeys: z.array(z.string().min(1)),
  apiKeysByNumber: z.record(phone, z.array(z.string().min(1))),
  invalidCredentialsStatus: z.union([z.literal(200), z.literal(401)]),
  duplicateAnswer: z.enum(['same-receipt', 'error', 'send-again']),
  duplicateErrorStatus: httpStatus,
  sessionClosedStatus: httpStatus,
  enforceSessions: z.boolean(),
  latencyMs: milliseconds,
  templates: z.array(z.string().min(1)).nullable(),
  callbacks,
  webhookUrl: z.url({ protocol: /^https?$/ }).nullable(),
  clockOffsetMs: z.int(),
});

/**
 * The simulator's settings. Times are in milliseconds. `apiKeys` are the valid keys (several during a rotation).
 * `apiKeysByNumber` are those of numbers with an account of their own: they alone are valid there, and nowhere else.
 * `templates` are the names that may be sent (null: any).
 *
 * Callbacks: `delayMs` is the pause before each status, or before the statuses that it names. `failWith`, one rule or a
 * list, makes the callbacks of matching messages report SENT (if planned) and then FAILED with its code. `errorCode` is
 * the code of any other FAILED.
 */
export type Settings = z.infer<typeof settings>;

const patch = settings.extend({ callbacks: callbacks.partial() }).partial();

const sender = z.looseObject({ from: phone.transform(digitsOf) });

/** The keys that are valid for a request with this body, by the number that it is from. */
export function keysFor({ apiKeys, apiKeysByNumber }: Settings, body: unknown): readonly string[] {
  const from = sender.safeParse(body).data?.from;
  const own = Object.entries(apiKeysByNumber).find(([number]) => digitsOf(number) === from);
  return own?.[1] ?? apiKeys;
}

export type SettingsStore = ReturnType<typeof createSettings>;

export function createSettings(start: { apiKey: string; webhookUrl: string | null }) {
  const initial = (webhookUrl: string | null): Settings => ({
    apiKeys: [start.apiKey],
    apiKeysByNumber: {},
    invalidCredentialsStatus: 401,
    duplicateAnswer: 'same-receipt',
    duplicateErrorStatus: 400,
    sessionClosedStatus: 400,
    enforceSessions: true,
    latencyMs: 0,
    templates: null,
    callbacks: {
      enabled: false,
      shape: 'flat',
      delayMs: 0,
      statuses: ['SENT', 'DELIVERED', 'READ'],
      duplicate: false,
      reorder: false,
      early: false,
      errorCode: 131026,
      failWith: [],
    },
    webhookUrl,
    clockOffsetMs: 0,
  });
  let current = settings.parse(initial(start.webhookUrl));

  return {
    current: (): Settings => current,
    /** Merges `input` over the current settings. If a field is invalid, throws ZodError and changes nothing. */
    change(input: unknown): Settings {
      const changes = patch.parse(input);
      current = settings.parse({
        ...current,
        ...changes,
        callbacks: { ...current.callbacks, ...changes.callbacks },
      });
      return current;
    },
    /** Resets all settings except the webhook's URL, which depends on the system, not on a test. */
    reset(): void {
      current = initial(current.webhookUrl);
    },
  };
}
