import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { readChange } from '../events/dynamo-changes.ts';
import { makeEventBus } from '../events/eventbridge.ts';
import { makePublish } from '../events/publish.ts';
import { nodeTransport } from '../platform/aws-transport.ts';
import { systemClock } from '../platform/clock.ts';
import { readConfig } from '../platform/config.ts';
import { wireTelemetry } from './logs-and-metrics.ts';

/** The publisher needs no store: the stream carries everything. */
export function wireEvents(functionName: string) {
  const config = readConfig();
  const clock = systemClock;
  const telemetry = wireTelemetry(functionName, config, clock);
  const client = new EventBridgeClient({ requestHandler: nodeTransport(clock), maxAttempts: 3 });
  const bus = makeEventBus({ client, busName: config.EVENT_BUS_NAME });
  return { publish: makePublish({ bus, telemetry }), readChange };
}
