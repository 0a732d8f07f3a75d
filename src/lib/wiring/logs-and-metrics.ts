import { type Config, traceOfInvocation } from '../platform/config.ts';
import type { Clock, Telemetry } from '../platform/ports.ts';
import { makeTelemetry } from '../platform/telemetry.ts';

/** The logs and metrics of a function. */
export function wireTelemetry(functionName: string, { STAGE, LOG_LEVEL }: Config, clock: Clock): Telemetry {
  return makeTelemetry({ functionName, stage: STAGE, level: LOG_LEVEL, clock, trace: traceOfInvocation });
}
