import { Console } from 'node:console';
import type { Clock, LogFields, Telemetry } from './ports.ts';

const LEVELS = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const;

type Level = (typeof LEVELS)[number];

export interface TelemetryOptions {
  readonly functionName: string;
  readonly stage: string;
  readonly level: Level;
  readonly clock: Clock;
  /** The X-Ray trace of the invocation, if it has one. */
  readonly trace: () => string | undefined;
}

/**
 * Structured logs, and metrics in CloudWatch's embedded format, as lines of JSON. Every line is written at once:
 * Lambda freezes the process with its answer, and may never thaw it, so a line that waits can be lost. The only dimension
 * is `service`, the stack's name, so a fact is one metric whichever function reports it. Alarms need one
 * metric, and every further one costs money.
 *
 * Not by Powertools, which takes 4 % of the CPU of a send, and of the time of a first one.
 */
export function makeTelemetry({ functionName, stage, level, clock, trace }: TelemetryOptions): Telemetry {
  // Lambda adds its own words to the lines of the global console.
  const out = new Console({ stdout: process.stdout, stderr: process.stderr });
  const from = LEVELS.indexOf(level);

  function line(of: Level, event: string, fields: LogFields): string {
    const now = {
      timestamp: clock.now().toISOString(),
      service: functionName,
      xray_trace_id: trace(),
    };
    return JSON.stringify({ level: of, message: event, ...now, ...fields });
  }

  function publish(Unit: 'Count' | 'Milliseconds', values: ReadonlyMap<string, number>): void {
    const Metrics = [...values.keys()].map((Name) => ({ Name, Unit }));
    const metrics = { Namespace: 'LipaFlow', Dimensions: [['service']], Metrics };
    const _aws = { Timestamp: clock.now().getTime(), CloudWatchMetrics: [metrics] };
    out.log(JSON.stringify({ _aws, service: `lipaflow-${stage}`, ...Object.fromEntries(values) }));
  }

  return {
    info(event, fields = {}) {
      if (from <= LEVELS.indexOf('INFO')) out.info(line('INFO', event, fields));
    },
    warn(event, fields = {}) {
      if (from <= LEVELS.indexOf('WARN')) out.warn(line('WARN', event, fields));
    },
    error: (event, fault, fields = {}) =>
      out.error(line('ERROR', event, { ...fields, fault: described(fault) })),
    count: (metric, n = 1) => publish('Count', new Map([[metric, n]])),
    counts: (facts) => {
      if (facts.size > 0) publish('Count', facts);
    },
    measure: (metric, ms) => publish('Milliseconds', new Map([[metric, ms]])),
  };
}

/**
 * What a log may contain of a fault: kind, codes and stack frames. Messages may quote a payload or a phone
 * number.
 */
function described(fault: unknown, depth = 0): LogFields {
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
