import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import { readChange } from '../events/dynamo-changes.ts';
import { makeEventBus } from '../events/eventbridge.ts';
import { makePublish } from '../events/publish.ts';
import { makeWatchLeases } from '../events/watch-leases.ts';
import { makeDeliveryQueue } from '../messages/sqs-deliveries.ts';
import { nodeTransport } from '../platform/aws-transport.ts';
import { systemClock } from '../platform/clock.ts';
import { readConfig } from '../platform/config.ts';
import { wireTelemetry } from './logs-and-metrics.ts';

/** The publisher needs no store: the stream carries everything. It enqueues the watches of leases, too. */
export function wireEvents(functionName: string) {
  const config = readConfig();
  const clock = systemClock;
  const telemetry = wireTelemetry(functionName, config, clock);
  const transport = nodeTransport(clock);
  const client = new EventBridgeClient({ requestHandler: transport, maxAttempts: 3 });
  const bus = makeEventBus({ client, busName: config.EVENT_BUS_NAME });
  const sqs = new SQSClient({ requestHandler: transport, maxAttempts: 3 });
  const queue = makeDeliveryQueue({ client: sqs, queueUrl: config.DELIVERY_QUEUE_URL, clock });
  return {
    publish: makePublish({ bus, telemetry }),
    watchLeases: makeWatchLeases({ queue, telemetry }),
    readChange,
  };
}
