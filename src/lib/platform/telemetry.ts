import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Telemetry } from './ports.ts';

export interface TelemetryOptions {
  readonly functionName: string;
  readonly stage: string;
  readonly level: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';
}

/**
 * Structured logs, and metrics in CloudWatch's embedded format, both on standard output. The only dimension
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
  const { later, now } = makeLines();
  return {
    info: (event, fields = {}) => now(() => logger.info(event, fields)),
    warn: (event, fields = {}) => now(() => logger.warn(event, fields)),
    error: (event, fault, fields = {}) =>
      now(() => logger.error(event, { ...fields, fault: described(fault) })),
    count: (metric, n = 1) => later(() => publish(metric, MetricUnit.Count, n)),
    measure: (metric, ms) => later(() => publish(metric, MetricUnit.Milliseconds, ms)),
  };
}

/**
 * Writes lines in order. Metrics wait until the process is idle or the next log line, so that they don't
 * delay a request about to leave. `setImmediate` twice, because undici writes a request on the next turn of
 * the event loop.
 */
function makeLines() {
  let waiting: (() => void)[] = [];
  const flush = () => {
    const ready = waiting;
    waiting = [];
    for (const line of ready) line();
  };
  const later = (line: () => void) => {
    if (waiting.push(line) === 1) setImmediate(() => setImmediate(flush));
  };
  const now = (line: () => void) => {
    flush();
    line();
  };
  return { later, now };
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
