import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Telemetry } from './ports.ts';

export interface TelemetryOptions {
  readonly functionName: string;
  readonly stage: string;
  readonly level: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';
}

/**
 * Structured logs, and metrics in CloudWatch's embedded format, both on standard output. Every line is written at once:
 * Lambda freezes the process with its answer, and may never thaw it, so a line that waits can be lost. The only dimension
 * is `service`, the stack's name, so a fact is one metric whichever function reports it. Alarms need one
 * metric, and every further one costs money.
 */
export function makeTelemetry({ functionName, stage, level }: TelemetryOptions): Telemetry {
  const logger = new Logger({ serviceName: functionName, logLevel: level });
  const metrics = new Metrics({ namespace: 'LipaFlow', serviceName: `lipaflow-${stage}` });
  const publish = (metric: string, unit: (typeof MetricUnit)['Count' | 'Milliseconds'], value: number) => {
    metrics.addMetric(metric, unit, value);
    metrics.publishStoredMetrics();
  };
  return {
    info: (event, fields = {}) => logger.info(event, fields),
    warn: (event, fields = {}) => logger.warn(event, fields),
    error: (event, fault, fields = {}) => logger.error(event, { ...fields, fault: described(fault) }),
    count: (metric, n = 1) => publish(metric, MetricUnit.Count, n),
    measure: (metric, ms) => publish(metric, MetricUnit.Milliseconds, ms),
  };
}

/**
 * What a log may contain of a fault: kind, codes and stack frames. Messages may quote a payload or a phone
 * number.
 */
function described(fault: unknown, depth = 0): Record<string, unknown> {
  if (!(fault instanceof Error)) return { kind: typeof fault };
  const { code, $metadata } = fault as {
    code?: unknown;
    $metadata?: { httpStatusCode?: number; requestId?: string };
  };
  return {
    kind: fault.name,
    ...(typeof code === 'string' ? { code } : {}),
    ...($metadata ? { httpStatus: $metadata.httpStatusCode, requestId: $metadata.requestId } : {}),
    at: framesOf(fault),
    ...(fault.cause && depth < 3 ? { cause: described(fault.cause, depth + 1) } : {}),
  };
}

/** The first frames of a stack. Cuts off the message before them, which may contain line breaks. */
function framesOf({ stack = '', message }: Error): string[] {
  const start = stack.indexOf(message);
  const frames = start < 0 ? '' : stack.slice(start + message.length);
  const lines = frames.split('\n').map((line) => line.trim());
  return lines.filter((line) => line.startsWith('at ')).slice(0, 5);
}
