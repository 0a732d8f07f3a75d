/** Telemetry: the fake, and what the logger writes to standard output. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/lib/platform/clock.ts';
import { traceOfInvocation } from '../../src/lib/platform/config.ts';
import type { Telemetry } from '../../src/lib/platform/ports.ts';
import { makeTelemetry } from '../../src/lib/platform/telemetry.ts';
import { type FakeTelemetry, fakeTelemetry } from '../support/fakes/telemetry.ts';

type Seen = Pick<FakeTelemetry, 'events' | 'counted' | 'measured'>;

interface Opened {
  readonly telemetry: Telemetry;
  seen(): Promise<Seen>;
}

function openFake(): Opened {
  const telemetry = fakeTelemetry();
  return { telemetry, seen: () => Promise.resolve(telemetry) };
}

type Line = Record<string, unknown>;

/** Parses the lines: a log line has a level, a metric its own field. */
function readBack(lines: readonly Line[]): Seen {
  const valuesOf = (metric: string) =>
    lines.map((line) => line[metric]).filter((value) => typeof value === 'number');
  return {
    events: (level) =>
      lines.filter((line) => line['level'] === level.toUpperCase()).map(({ message }) => String(message)),
    counted: (metric) => valuesOf(metric).reduce((sum, n) => sum + n, 0),
    measured: valuesOf,
  };
}

function openLogger(): Opened {
  let output = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    output += String(chunk);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    output += String(chunk);
    return true;
  });
  return {
    telemetry: makeTelemetry({
      functionName: 'sendFlow',
      stage: 'dev',
      level: 'INFO',
      clock: systemClock,
      trace: traceOfInvocation,
    }),
    async seen() {
      // A metric is written two turns of the event loop later.
      for (let turns = 0; turns < 3; turns += 1) await nextTurn();
      const lines = output.split('\n').filter((line) => line !== '');
      return readBack(lines.map((line) => JSON.parse(line) as Line));
    },
  };
}

describe.each([
  { name: 'the fake', open: openFake },
  { name: 'the logger', open: openLogger },
])('telemetry on $name', ({ open }) => {
  let opened: Opened;
  beforeEach(() => {
    opened = open();
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('has the events of each level, in order', async () => {
    const { telemetry, seen } = opened;
    telemetry.info('api.answered', { status: 201 });
    telemetry.warn('claim.taken-over');
    telemetry.error('api.failed', new Error('x'), { status: 500 });
    telemetry.info('api.refused');
    const { events } = await seen();
    expect(events('info')).toEqual(['api.answered', 'api.refused']);
    expect([events('warn'), events('error')]).toEqual([['claim.taken-over'], ['api.failed']]);
  });

  it('adds up counts, one by default', async () => {
    const { telemetry, seen } = opened;
    telemetry.count('message.sent');
    telemetry.count('message.sent', 3);
    telemetry.counts(
      new Map([
        ['message.read', 2],
        ['message.sent', 1],
      ]),
    );
    const { counted } = await seen();
    expect([counted('message.sent'), counted('message.read'), counted('other')]).toEqual([5, 2, 0]);
  });

  it('keeps each measured duration in milliseconds', async () => {
    const { telemetry, seen } = opened;
    telemetry.measure('gateway.accepted', 52);
    telemetry.measure('gateway.accepted', 7.5);
    expect((await seen()).measured('gateway.accepted')).toEqual([52, 7.5]);
  });

  it('accepts any fault, and throws for none', async () => {
    const { telemetry, seen } = opened;
    for (const fault of [undefined, null, 'text', {}, new Error('x')]) telemetry.error('failed', fault);
    expect((await seen()).events('error')).toHaveLength(5);
  });
});
