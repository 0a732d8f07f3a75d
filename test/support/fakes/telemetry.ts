/** Logs and metrics that a test can read. */
import type { Telemetry } from '../../../src/lib/platform/ports.ts';

interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly event: string;
  readonly fields: Record<string, unknown>;
  readonly fault?: unknown;
}

export interface FakeTelemetry extends Telemetry {
  readonly lines: readonly LogLine[];
  /** The events of one level, in order. */
  events(level: LogLine['level']): readonly string[];
  counted(metric: string): number;
  /** The durations of one metric, in order. */
  measured(metric: string): readonly number[];
}

export function fakeTelemetry(): FakeTelemetry {
  const lines: LogLine[] = [];
  const counts = new Map<string, number>();
  const times: { metric: string; ms: number }[] = [];
  return {
    info: (event, fields = {}) => void lines.push({ level: 'info', event, fields }),
    warn: (event, fields = {}) => void lines.push({ level: 'warn', event, fields }),
    error: (event, fault, fields = {}) => void lines.push({ level: 'error', event, fault, fields }),
    count: (metric, n = 1) => void counts.set(metric, (counts.get(metric) ?? 0) + n),
    counts: (facts) => {
      for (const [metric, n] of facts) counts.set(metric, (counts.get(metric) ?? 0) + n);
    },
    measure: (metric, ms) => void times.push({ metric, ms }),
    lines,
    events: (level) => lines.filter((line) => line.level === level).map(({ event }) => event),
    counted: (metric) => counts.get(metric) ?? 0,
    measured: (metric) => times.filter((time) => time.metric === metric).map(({ ms }) => ms),
  };
}
