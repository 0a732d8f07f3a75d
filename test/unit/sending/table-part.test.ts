import { describe, expect, it } from 'vitest';
import { cutPart, tablePartOf } from '../../../src/lib/sending/table-part.ts';

const at = (time: string) => new Date(`2026-01-02T${time}Z`);

describe('the part of the table that a tick scans', () => {
  it('is that of the minute of the day, so that a day of ticks scans all of it', () => {
    expect(tablePartOf({ time: '2026-01-02T00:00:00Z' }, at('00:00:59.999'))).toEqual({
      segment: 0,
      of: 1_440,
    });
    expect(tablePartOf(undefined, at('23:59:00'))).toEqual({ segment: 1_439, of: 1_440 });
    const minutes = Array.from({ length: 1_440 }, (_, n) => new Date(at('00:00:30').getTime() + n * 60_000));
    expect(new Set(minutes.map((now) => tablePartOf({}, now).segment)).size).toBe(1_440);
  });

  it('is the one that an operator names', () => {
    expect(tablePartOf({ segment: 0, of: 1 }, at('12:00:00'))).toEqual({ segment: 0, of: 1 });
    for (const part of [
      { segment: 15, of: 16 },
      { segment: 249_999, of: 250_000 },
    ])
      expect(tablePartOf(part, at('12:00:00'))).toEqual(part);
  });

  it('is scanned in four pieces that cover it, and no more than DynamoDB’s million', () => {
    const pieces = [0, 1, 2].flatMap((segment) => cutPart({ segment, of: 3 }));
    expect(pieces).toEqual(Array.from({ length: 12 }, (_, segment) => ({ segment, of: 12 })));
    expect(cutPart({ segment: 249_999, of: 250_000 }).at(-1)).toEqual({ segment: 999_999, of: 1_000_000 });
  });

  it.each([
    { segment: 1 },
    { of: 4 },
    { segment: 4, of: 4 },
    { segment: -1, of: 4 },
    { segment: 0.5, of: 4 },
    { segment: '0', of: 1 },
    { segment: 0, of: 0 },
    { segment: 0, of: 250_001 },
  ])('is refused unless it is one of so many: %j', (event) => {
    expect(() => tablePartOf(event, at('12:00:00'))).toThrow(
      expect.objectContaining({ code: 'invalid-request' }),
    );
  });
});
