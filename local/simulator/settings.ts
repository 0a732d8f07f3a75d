import * as z from 'zod';

export const statusWord = z.enum(['SENT', 'DELIVERED', 'READ', 'FAILED']);
export type StatusWord = z.infer<typeof statusWord>;

const httpStatus = z.int().min(200).max(599);
const milliseconds = z.int().min(0).max(3_600_000);

const callbacks = z.strictObject({
  enabled: z.boolean(),
  delayMs: milliseconds,
  statuses: z.array(statusWord),
  duplicate: z.boolean(),
  reorder: z.boolean(),
  early: z.boolean(),
  errorCode: z.int(),
});

const settings = z.strictObject({
  apiKeys: z.array(z.string().min(1)),
  invalidCredentialsStatus: z.union([z.literal(200), z.literal(401)]),
  duplicateAnswer: z.enum(['same-receipt', 'error', 'send-again']),
  duplicateErrorStatus: httpStatus,
  sessionClosedStatus: httpStatus,
  enforceSessions: z.boolean(),
  latencyMs: milliseconds,
  callbacks,
  webhookUrl: z.url({ protocol: /^https?$/ }).nullable(),
  clockOffsetMs: z.int(),
});

/**
 * What the simulator is told to be like. Times in milliseconds. `apiKeys` are the keys valid now (several while
 * one is being rotated); `callbacks.errorCode` is WhatsApp's code in a FAILED callback.
 */
export type Settings = z.infer<typeof settings>;

const patch = settings.extend({ callbacks: callbacks.partial() }).partial();

export type SettingsStore = ReturnType<typeof createSettings>;

export function createSettings(start: { apiKey: string; webhookUrl: string | null }) {
  const initial = (webhookUrl: string | null): Settings => ({
    apiKeys: [start.apiKey],
    invalidCredentialsStatus: 401,
    duplicateAnswer: 'same-receipt',
    duplicateErrorStatus: 400,
    sessionClosedStatus: 400,
    enforceSessions: true,
    latencyMs: 0,
    callbacks: {
      enabled: false,
      delayMs: 0,
      statuses: ['SENT', 'DELIVERED', 'READ'],
      duplicate: false,
      reorder: false,
      early: false,
      errorCode: 131026,
    },
    webhookUrl,
    clockOffsetMs: 0,
  });
  let current = settings.parse(initial(start.webhookUrl));

  return {
    current: (): Settings => current,
    /** Merges `input` over the current settings; throws ZodError and changes nothing when a field is wrong. */
    change(input: unknown): Settings {
      const changes = patch.parse(input);
      current = settings.parse({
        ...current,
        ...changes,
        callbacks: { ...current.callbacks, ...changes.callbacks },
      });
      return current;
    },
    /** All as at the start, but the webhook's address: it says where we live, not how a test wants us. */
    reset(): void {
      current = initial(current.webhookUrl);
    },
  };
}
