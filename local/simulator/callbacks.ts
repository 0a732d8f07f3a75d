import { setTimeout as sleep } from 'node:timers/promises';
import type { Delivery } from './conversation.ts';
import { digitsOf } from './http.ts';
import type { Settings, StatusWord } from './settings.ts';
import { type StatusReport, statusBody } from './status-bodies.ts';
import type { Webhook, WebhookResult } from './webhook.ts';

type Options = { webhook: Webhook; settings: () => Settings; now: () => Date; signal: AbortSignal };

export type Callbacks = ReturnType<typeof createCallbacks>;

/** Status callbacks: on request one at a time, or by themselves after each delivery when switched on. */
export function createCallbacks({ webhook, settings, now, signal }: Options) {
  let stop = new AbortController();
  let pending = 0;

  async function reportAll(delivery: Delivery, until: AbortSignal): Promise<void> {
    const { callbacks } = settings();
    for (const said of planned(delivery, callbacks)) {
      await sleep(delayBefore(said.status, callbacks), undefined, { signal: until });
      await reporter(delivery, said)();
    }
  }

  /** Notes the status; the function it gives tells our webhook of it, with the same bytes each time. */
  function reporter(delivery: Delivery, said: StatusReport): () => Promise<WebhookResult> {
    delivery.status = said.status;
    const body = JSON.stringify(statusBody(delivery, said, now()));
    return () => webhook.call(body);
  }

  return {
    reporter,
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

/** What will be said of a delivery; one that is to fail is SENT at most. */
function planned(delivery: Delivery, callbacks: Settings['callbacks']): StatusReport[] {
  const { statuses, reorder, duplicate, shape } = callbacks;
  const failure = callbacks.failWith.find((rule) => fits(rule, delivery));
  const words: StatusWord[] = failure ? [...statuses.filter((word) => word === 'SENT'), 'FAILED'] : statuses;
  const ordered = reorder ? words.toReversed() : words;
  const errorCode = failure?.code ?? callbacks.errorCode;
  return ordered
    .flatMap((status) => (duplicate ? [status, status] : [status]))
    .map((status) => ({ status, shape, errorCode }));
}

function fits({ messageId, to }: Settings['callbacks']['failWith'][number], delivery: Delivery): boolean {
  if (messageId !== undefined && messageId !== delivery.messageId) return false;
  return to === undefined || digitsOf(to) === delivery.to;
}

function delayBefore(status: StatusWord, { delayMs }: Settings['callbacks']): number {
  return typeof delayMs === 'number' ? delayMs : (delayMs[status] ?? 0);
}
