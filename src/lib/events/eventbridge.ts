import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
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
      const { Entries: results = [] } = await client.send(new PutEventsCommand({ Entries }), {
        abortSignal: AbortSignal.timeout(CALL_LIMIT_MS),
      });
      return events.map((_, n) => results[n]?.EventId !== undefined);
    },
  };
}
