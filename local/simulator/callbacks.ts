import { setTimeout as sleep } from 'node:timers/promises';
import type { Delivery } from './conversation.ts';
import { digitsOf } from './http.ts';
import type { Settings, StatusWord } from './settings.ts';
import { type StatusReport, statusBody } from './status-bodies.ts';
import type { Webhook, WebhookResult } from './webhook.ts';

type Options = { webhook: Webhook; settings: () => Settings; now: () => Date; signal: AbortSignal };

export type Callbacks = ReturnType<typeof createCallbacks>;

/** Status callbacks: single ones on request, or automatic ones after each delivery if enabled. */
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

  /** Records the status. The returned function calls our webhook with it, with the same bytes each time. */
  function reporter(delivery: Delivery, said: StatusReport): () => Promise<WebhookResult> {
    delivery.status = said.status;
    const body = JSON.stringify(statusBody(delivery, said, now()));
    return () => webhook.call(body);
  }

  return {
    reporter,
    pending: (): number => pending,
    /** Resolves at once or, with `early`, after all callbacks and so before the send gets its response. */
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
    /** Drops callbacks that have not been sent yet. */
    clear(): void {
      stop.abort();
      stop = new AbortController();
    },
  };
}

/** The statuses to report for a delivery. One that is to fail gets at most SENT before. */
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
