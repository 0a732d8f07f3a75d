import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { readChange } from './adapters/dynamo/changes.ts';
import { makeEventBus } from './adapters/eventbridge.ts';
import { makeTelemetry } from './adapters/telemetry.ts';
import { nodeTransport } from './adapters/transport.ts';
import { readConfig } from './config.ts';
import { makePublish } from './usecases/publish.ts';

/** What the publisher needs: no store of its own, since the stream brings everything. */
export function wireEvents(functionName: string) {
  const config = readConfig();
  const telemetry = makeTelemetry({ functionName, stage: config.STAGE, level: config.LOG_LEVEL });
  const client = new EventBridgeClient({ requestHandler: nodeTransport(), maxAttempts: 3 });
  const bus = makeEventBus({ client, busName: config.EVENT_BUS_NAME });
  return { publish: makePublish({ bus, telemetry }), readChange };
}
