import { describe, expect, it } from 'vitest';
import { makeTally } from '../../../src/lib/platform/tally.ts';
import { fakeTelemetry } from '../../support/fakes/telemetry.ts';

function opened() {
  const written: ReadonlyMap<string, number>[] = [];
  const under = fakeTelemetry();
  const counts = (facts: ReadonlyMap<string, number>) => void written.push(new Map(facts));
  return { under, written, ...makeTally({ ...under, counts }) };
}

describe('a tally', () => {
  it('writes nothing of a count before its flush, and then all of them in one line', () => {
    const { telemetry, flush, written } = opened();
    telemetry.count('callback.entries', 2);
    telemetry.count('callback.status');
    telemetry.counts(new Map([['callback.entries', 3]]));
    expect(written).toEqual([]);
    flush();
    expect(written).toEqual([
      new Map([
        ['callback.entries', 5],
        ['callback.status', 1],
      ]),
    ]);
  });

  it('begins again after a flush', () => {
    const { telemetry, flush, written } = opened();
    telemetry.count('callback.entries');
    flush();
    telemetry.count('callback.status');
    flush();
    expect(written.at(-1)).toEqual(new Map([['callback.status', 1]]));
  });

  it('holds back no log line and no duration', () => {
    const { telemetry, under } = opened();
    telemetry.info('told');
    telemetry.warn('warned');
    telemetry.error('failed', new Error('x'));
    telemetry.measure('gateway.accepted', 5);
    expect([under.lines.length, under.measured('gateway.accepted')]).toEqual([3, [5]]);
  });
});
