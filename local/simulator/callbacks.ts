import { setTimeout as sleep } from 'node:timers/promises';
import type { Delivery } from './conversation.ts';
import type { Settings, StatusWord } from './settings.ts';
import type { Webhook, WebhookResult } from './webhook.ts';

/** `withoutMessageId` leaves only the waId to find the message by; `extra` is merged into `messageStatus`. */
export type StatusReport = {
  status: StatusWord;
  statusDesc?: string | undefined;
  errorCode?: number | undefined;
  withoutMessageId?: boolean | undefined;
  extra?: Record<string, unknown> | undefined;
};

type Options = { webhook: Webhook; settings: () => Settings; signal: AbortSignal };

export type Callbacks = ReturnType<typeof createCallbacks>;

/** Status callbacks: on request one at a time, or by themselves after each delivery when switched on. */
export function createCallbacks({ webhook, settings, signal }: Options) {
  let stop = new AbortController();
  let pending = 0;

  function report(delivery: Delivery, said: StatusReport): Promise<WebhookResult> {
    delivery.status = said.status;
    return webhook.call(JSON.stringify(statusBody(delivery, said)));
  }

  async function reportAll(delivery: Delivery, until: AbortSignal): Promise<void> {
    const { delayMs, errorCode } = settings().callbacks;
    for (const status of plannedStatuses(settings().callbacks)) {
      await sleep(delayMs, undefined, { signal: until });
      await report(delivery, { status, errorCode });
    }
  }

  return {
    report,
    pending: (): number => pending,
    /** Resolves at once, or (`early`) when our webhook has had all callbacks, before the send itself is answered. */
    async announce(delivery: Delivery): Promise<void> {
      const { enabled, early } = settings().callbacks;
      if (!enabled) return;
      pending += 1;
      const done = reportAll(delivery, AbortSignal.any([signal, stop.signal]))
        .catch(() => undefined)
        .finally(() => {
          pending -= 1;
        });
      if (early) await done;
    },
    /** Forgets what has not been sent yet. */
    clear(): void {
      stop.abort();
      stop = new AbortController();
    },
  };
}

function plannedStatuses({ statuses, reorder, duplicate }: Settings['callbacks']): StatusWord[] {
  const ordered = reorder ? statuses.toReversed() : statuses;
  return duplicate ? ordered.flatMap((status) => [status, status]) : ordered;
}

function statusBody(delivery: Delivery, said: StatusReport): object {
  const { waId, messageId, conversationId } = delivery;
  const messageStatus = {
    waId,
    ...(said.withoutMessageId ? {} : { messageId }),
    conversationId,
    status: said.status,
    statusDesc: said.statusDesc ?? describe(said),
    ...said.extra,
  };
  return { event: 'MESSAGE_STATUS', messageStatus };
}

function describe({ status, errorCode }: StatusReport): string {
  if (status === 'FAILED') return `Message failed to send (#${errorCode ?? 131026})`;
  return `Message ${status.toLowerCase()}`;
}
