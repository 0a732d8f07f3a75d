import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { withinMs } from '../platform/time-limit.ts';
import type { EventBus } from './ports.ts';

const CALL_LIMIT_MS = 5_000;

/** The company's event bus. The source of every event is `lipaflow`. */
export function makeEventBus({
  client,
  busName,
}: {
  client: EventBridgeClient;
  busName: string | undefined;
}): EventBus {
  return {
    async put(events) {
      const Entries = events.map(({ type, detail }) => ({
        EventBusName: busName,
        Source: 'lipaflow',
        DetailType: type,
        Detail: JSON.stringify(detail),
        Time: new Date(detail.at),
      }));
      const { Entries: results = [] } = await withinMs(CALL_LIMIT_MS, (abortSignal) =>
        client.send(new PutEventsCommand({ Entries }), { abortSignal }),
      );
      return events.map((_, n) => results[n]?.EventId !== undefined);
    },
  };
}
