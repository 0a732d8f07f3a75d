import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextRun, parseSchedule, ScheduleFault } from '../../../src/lib/campaigns/schedule.ts';
import { runs } from '../../support/property-runs.ts';

/** A field as EventBridge writes it, and the numbers that it matches. */
interface Field {
  readonly text: string;
  readonly values: ReadonlySet<number>;
}

const through = (from: number, to: number, step = 1) =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, n) => from + n * step);

/** Numbers, ranges, steps and lists of them. */
function field(least: number, most: number): fc.Arbitrary<Field> {
  const number = fc.integer({ min: least, max: most });
  const step = fc.integer({ min: 1, max: Math.min(most, 20) });
  const range = fc.tuple(number, number).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  const part = fc.oneof(
    number.map((n) => ({ text: `${n}`, all: [n] })),
    range.map(([from, to]) => ({ text: `${from}-${to}`, all: through(from, to) })),
    fc.tuple(number, step).map(([from, by]) => ({ text: `${from}/${by}`, all: through(from, most, by) })),
    step.map((by) => ({ text: `*/${by}`, all: through(least, most, by) })),
    fc
      .tuple(range, step)
      .map(([[from, to], by]) => ({ text: `${from}-${to}/${by}`, all: through(from, to, by) })),
  );
  const list = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => ({
    text: parts.map(({ text }) => text).join(','),
    values: new Set(parts.flatMap(({ all }) => all)),
  }));
  return fc.oneof(list, fc.constant({ text: '*', values: new Set(through(least, most)) }));
}

const any = { text: '?', values: new Set(through(1, 31)) };
const cron = fc
  .record({
    minutes: field(0, 59),
    hours: field(0, 23),
    days: fc.oneof(
      field(1, 31).map((dayOfMonth) => ({ dayOfMonth, dayOfWeek: any })),
      field(1, 7).map((dayOfWeek) => ({ dayOfMonth: any, dayOfWeek })),
    ),
    month: field(1, 12),
  })
  .map(({ minutes, hours, days, month }) => ({ minutes, hours, ...days, month }));
type Fields = typeof cron extends fc.Arbitrary<infer T> ? T : never;

const written = ({ minutes, hours, dayOfMonth, month, dayOfWeek }: Fields) =>
  `cron(${[minutes, hours, dayOfMonth, month, dayOfWeek].map(({ text }) => text).join(' ')} *)`;

const matches = (fields: Fields, at: Date) =>
  fields.minutes.values.has(at.getUTCMinutes()) &&
  fields.hours.values.has(at.getUTCHours()) &&
  fields.dayOfMonth.values.has(at.getUTCDate()) &&
  fields.month.values.has(at.getUTCMonth() + 1) &&
  fields.dayOfWeek.values.has(at.getUTCDay() + 1);

const MINUTE_MS = 60_000;
const instant = fc.date({ min: new Date('2026-01-01'), max: new Date('2030-01-01'), noInvalidDate: true });

/** Undefined when no calendar has such a day. */
function parsed(fields: Fields) {
  try {
    return parseSchedule({ expression: written(fields) });
  } catch (fault) {
    if (fault instanceof ScheduleFault && fault.message === 'the schedule never fires') return undefined;
    throw fault;
  }
}

describe('any cron schedule, in UTC', () => {
  it('runs next at the first minute that it matches', () => {
    fc.assert(
      fc.property(cron, instant, (fields, after) => {
        const schedule = parsed(fields);
        fc.pre(schedule !== undefined);
        const next = nextRun(schedule, after);
        let minute = Math.floor(after.getTime() / MINUTE_MS) + 1;
        const last = minute + 3 * 24 * 60;
        while (minute < last && !matches(fields, new Date(minute * MINUTE_MS))) minute += 1;
        if (minute < last) expect(next).toEqual(new Date(minute * MINUTE_MS));
        else expect(Number(next)).toBeGreaterThanOrEqual(last * MINUTE_MS);
      }),
    );
  });

  it('never runs twice within a minute, nor at a time that it does not match', () => {
    fc.assert(
      fc.property(cron, instant, (fields, after) => {
        const schedule = parsed(fields);
        fc.pre(schedule !== undefined);
        let at = after;
        for (let n = 0; n < 5; n += 1) {
          const next = nextRun(schedule, at);
          if (!next) break;
          expect(matches(fields, next)).toBe(true);
          expect(next.getTime() % MINUTE_MS).toBe(0);
          expect(next.getTime()).toBeGreaterThan(at.getTime());
          at = next;
        }
      }),
    );
  });
});

describe('any cron schedule in zones that change their clocks', () => {
  it('keeps running, on each day that it matches', () => {
    const zone = fc.constantFrom(
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'Africa/Casablanca',
    );
    const daily = fc.tuple(fc.integer({ min: 0, max: 59 }), fc.integer({ min: 0, max: 23 }));
    fc.assert(
      fc.property(zone, daily, instant, (timeZone, [minute, hour], after) => {
        const schedule = parseSchedule({ expression: `cron(${minute} ${hour} * * ? *)`, timeZone });
        const day = (at: Date) => at.toLocaleDateString('en-CA', { timeZone });
        let at = nextRun(schedule, after) ?? after;
        for (let n = 0; n < 40; n += 1) {
          const next = nextRun(schedule, at) ?? at;
          expect(Date.parse(day(next)) - Date.parse(day(at))).toBe(24 * 60 * MINUTE_MS);
          at = next;
        }
      }),
    );
  });
});

describe('any text', () => {
  it('is a schedule that runs, or a ScheduleFault', () => {
    const symbols = fc.string({ unit: fc.constantFrom(...'0123456789*?/-,#LW FRIMON'), maxLength: 24 });
    const text = fc.oneof(
      fc.string(),
      symbols.map((s) => `cron(${s})`),
      symbols.map((s) => `rate(${s})`),
    );
    const loose = fc.tuple(
      ...Array.from({ length: 6 }, () =>
        fc.constantFrom('*', '?', '1', '0/5', 'L', '1-3', '2,4', '5W', '6#2', '1L', '2027', '99'),
      ),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          loose.map((all) => `cron(${all.join(' ')})`),
        ),
        instant,
        (expression, after) => {
          try {
            expect(nextRun(parseSchedule({ expression }, after), after)).toBeInstanceOf(Date);
          } catch (fault) {
            expect(fault).toBeInstanceOf(ScheduleFault);
          }
        },
      ),
      { numRuns: runs(300) },
    );
  });
});
