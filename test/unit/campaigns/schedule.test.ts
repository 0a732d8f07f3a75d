import { describe, expect, it } from 'vitest';
import { nextRun, parseSchedule, ScheduleFault } from '../../../src/lib/campaigns/schedule.ts';

const MONDAY = new Date('2026-11-02T07:00:00Z');

/** The first runs after an instant, in order. */
function runs(expression: string, { timeZone, after = MONDAY, count = 3 }: Partial<Question> = {}) {
  const schedule = parseSchedule({ expression, timeZone });
  const all: string[] = [];
  for (let at: Date | undefined = after; all.length < count; ) {
    at = nextRun(schedule, at);
    if (!at) break;
    all.push(at.toISOString().replace(':00.000Z', ''));
  }
  return all;
}
interface Question {
  readonly timeZone: string;
  readonly after: Date;
  readonly count: number;
}

const faultOf = (expression: string, timeZone?: string) => () => parseSchedule({ expression, timeZone });

describe('a cron schedule', () => {
  it.each([
    ['every day at nine', 'cron(0 9 * * ? *)', ['2026-11-02T09:00', '2026-11-03T09:00', '2026-11-04T09:00']],
    ['on weekdays', 'cron(0 9 ? * MON-FRI *)', ['2026-11-02T09:00', '2026-11-03T09:00', '2026-11-04T09:00']],
    [
      'on Sundays, which are 1',
      'cron(0 9 ? * 1 *)',
      ['2026-11-08T09:00', '2026-11-15T09:00', '2026-11-22T09:00'],
    ],
    [
      'on Saturdays, which are 7',
      'cron(0 9 ? * 7 *)',
      ['2026-11-07T09:00', '2026-11-14T09:00', '2026-11-21T09:00'],
    ],
    ['on weekends', 'cron(0 9 ? * 1,7 *)', ['2026-11-07T09:00', '2026-11-08T09:00', '2026-11-14T09:00']],
    [
      'on the last day of a week',
      'cron(0 9 ? * L *)',
      ['2026-11-07T09:00', '2026-11-14T09:00', '2026-11-21T09:00'],
    ],
    [
      'on the third Friday',
      'cron(0 9 ? * 6#3 *)',
      ['2026-11-20T09:00', '2026-12-18T09:00', '2027-01-15T09:00'],
    ],
    [
      'on the last Friday',
      'cron(0 9 ? * FRIL *)',
      ['2026-11-27T09:00', '2026-12-25T09:00', '2027-01-29T09:00'],
    ],
    [
      'on the last of the month',
      'cron(0 9 L * ? *)',
      ['2026-11-30T09:00', '2026-12-31T09:00', '2027-01-31T09:00'],
    ],
    [
      'on its last weekday',
      'cron(0 9 LW * ? *)',
      ['2026-11-30T09:00', '2026-12-31T09:00', '2027-01-29T09:00'],
    ],
    [
      'on the weekday nearest the 15th',
      'cron(0 9 15W * ? *)',
      ['2026-11-16T09:00', '2026-12-15T09:00', '2027-01-15T09:00'],
    ],
    [
      'every ten minutes from the first on',
      'cron(1/10 9 * * ? *)',
      ['2026-11-02T09:01', '2026-11-02T09:11', '2026-11-02T09:21'],
    ],
    [
      'at the steps of a range',
      'cron(0 8-18/4 * * ? *)',
      ['2026-11-02T08:00', '2026-11-02T12:00', '2026-11-02T16:00'],
    ],
    [
      'at the times of a list',
      'cron(0,45 9 * * ? *)',
      ['2026-11-02T09:00', '2026-11-02T09:45', '2026-11-03T09:00'],
    ],
    [
      'in named months',
      'cron(0 9 1 jan,jul ? *)',
      ['2027-01-01T09:00', '2027-07-01T09:00', '2028-01-01T09:00'],
    ],
    [
      'every third year',
      'cron(0 9 1 1 ? 2026/3)',
      ['2029-01-01T09:00', '2032-01-01T09:00', '2035-01-01T09:00'],
    ],
    ['on leap days', 'cron(0 9 29 2 ? *)', ['2028-02-29T09:00', '2032-02-29T09:00', '2036-02-29T09:00']],
    [
      'with blanks to spare',
      ' cron( 0  9 *  * ? * ) ',
      ['2026-11-02T09:00', '2026-11-03T09:00', '2026-11-04T09:00'],
    ],
  ])('runs %s', (_, expression, expected) => {
    expect(runs(expression)).toEqual(expected);
  });

  it('never runs again after its last year', () => {
    expect(runs('cron(0 9 24,25 12 ? 2026)')).toEqual(['2026-12-24T09:00', '2026-12-25T09:00']);
  });

  it('runs after an instant and not at it, however short the gap', () => {
    const next = (instant: string) => runs('cron(0 9 * * ? *)', { after: new Date(instant), count: 1 });
    expect(next('2026-11-02T08:59:59.999Z')).toEqual(['2026-11-02T09:00']);
    expect(next('2026-11-02T09:00:00.000Z')).toEqual(['2026-11-03T09:00']);
    expect(next('2026-11-02T09:00:00.001Z')).toEqual(['2026-11-03T09:00']);
  });

  it('runs by the clock of its time zone', () => {
    expect(
      runs('cron(0 9 ? * MON-FRI *)', { timeZone: 'Africa/Nairobi', after: new Date('2026-11-06T00:00Z') }),
    ).toEqual(['2026-11-06T06:00', '2026-11-09T06:00', '2026-11-10T06:00']);
    expect(runs('cron(0 0 1 * ? *)', { timeZone: 'Africa/Nairobi', count: 1 })).toEqual(['2026-11-30T21:00']);
  });
});

describe('in Berlin, when clocks go forward from 02:00 to 03:00 on 29 March', () => {
  const berlin = { timeZone: 'Europe/Berlin', after: new Date('2026-03-28T12:00Z') };

  it('a daily run keeps its local time', () => {
    expect(runs('cron(0 9 * * ? *)', { ...berlin, after: new Date('2026-03-28T00:00Z') })).toEqual([
      '2026-03-28T08:00',
      '2026-03-29T07:00',
      '2026-03-30T07:00',
    ]);
  });

  it('a fixed time in the gap runs once, at the end of the gap', () => {
    expect(runs('cron(30 2 * * ? *)', berlin)).toEqual([
      '2026-03-29T01:00',
      '2026-03-30T00:30',
      '2026-03-31T00:30',
    ]);
    expect(runs('cron(0,30 2 * * ? *)', { ...berlin, count: 2 })).toEqual([
      '2026-03-29T01:00',
      '2026-03-30T00:00',
    ]);
  });

  it('steps in the gap are skipped', () => {
    expect(runs('cron(0/30 2 * * ? *)', { ...berlin, count: 2 })).toEqual([
      '2026-03-30T00:00',
      '2026-03-30T00:30',
    ]);
  });

  it('nothing changes for Nairobi', () => {
    expect(runs('cron(30 2 * * ? *)', { ...berlin, timeZone: 'Africa/Nairobi', count: 2 })).toEqual([
      '2026-03-28T23:30',
      '2026-03-29T23:30',
    ]);
  });
});

describe('in Berlin, when clocks go back from 03:00 to 02:00 on 25 October', () => {
  const berlin = { timeZone: 'Europe/Berlin', after: new Date('2026-10-24T12:00Z') };

  it('a fixed time runs once, at its first occurrence', () => {
    expect(runs('cron(30 2 * * ? *)', { ...berlin, count: 2 })).toEqual([
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ]);
    expect(runs('cron(0,30 2 * * ? *)', berlin)).toEqual([
      '2026-10-25T00:00',
      '2026-10-25T00:30',
      '2026-10-26T01:00',
    ]);
  });

  it('steps continue through both hours', () => {
    const after = new Date('2026-10-24T23:59Z');
    expect(runs('cron(0 * * * ? *)', { ...berlin, after })).toEqual([
      '2026-10-25T00:00',
      '2026-10-25T01:00',
      '2026-10-25T02:00',
    ]);
    expect(runs('cron(0/30 2 * * ? *)', { ...berlin, count: 5 })).toEqual([
      '2026-10-25T00:00',
      '2026-10-25T00:30',
      '2026-10-25T01:00',
      '2026-10-25T01:30',
      '2026-10-26T01:00',
    ]);
  });
});

describe('a rate', () => {
  it.each([
    ['rate(5 minutes)', '2026-11-02T07:05'],
    ['rate(1 minute)', '2026-11-02T07:01'],
    ['rate(1 hour)', '2026-11-02T08:00'],
    ['rate(2 days)', '2026-11-04T07:00'],
    [' rate( 2 days ) ', '2026-11-04T07:00'],
  ])('of %s counts from the instant itself', (expression, expected) => {
    expect(runs(expression, { count: 1 })).toEqual([expected]);
  });

  it('of a day is 24 hours, even when clocks change', () => {
    const berlin = { timeZone: 'Europe/Berlin', after: new Date('2026-03-28T08:00Z'), count: 2 };
    expect(runs('rate(1 day)', berlin)).toEqual(['2026-03-29T08:00', '2026-03-30T08:00']);
  });

  it.each([
    'rate(0 minutes)',
    'rate(-5 minutes)',
    'rate(1.5 hours)',
    'rate(5 seconds)',
    'rate(5)',
    'rate(minutes)',
    'rate(123456 days)',
  ])('is invalid as %s', (expression) => {
    expect(faultOf(expression)).toThrow(
      new ScheduleFault(
        'a rate must be a positive integer and minutes, hours or days, such as rate(2 hours)',
      ),
    );
  });
});

describe('an invalid schedule', () => {
  it.each([
    ['no expression', '', 'the expression must be cron(…) or rate(…)'],
    ['plain cron', '0 9 * * *', 'the expression must be cron(…) or rate(…)'],
    ['a single time', 'at(2026-12-01T09:00:00)', 'the expression must be cron(…) or rate(…)'],
    [
      'five fields',
      'cron(0 9 * * ?)',
      'a cron expression must have six fields: minutes hours day-of-month month day-of-week year',
    ],
    [
      'seconds',
      'cron(0 0 9 * * ? *)',
      'a cron expression must have six fields: minutes hours day-of-month month day-of-week year',
    ],
    ['both days', 'cron(0 9 * * * *)', 'exactly one of day-of-month and day-of-week must be ?'],
    ['neither day', 'cron(0 9 ? * ? *)', 'exactly one of day-of-month and day-of-week must be ?'],
    ['60 minutes', 'cron(60 9 * * ? *)', 'minutes must be 0 to 59'],
    ['24 hours', 'cron(0 24 * * ? *)', 'hours must be 0 to 23'],
    ['the 32nd', 'cron(0 9 32 * ? *)', 'day-of-month must be 1 to 31'],
    ['no month of that name', 'cron(0 9 1 JUNE ? *)', 'month must be 1 to 12 or a name'],
    ['Sunday as 0', 'cron(0 9 ? * 0 *)', 'day-of-week must be 1 to 7 or a name'],
    ['a day’s name in another field', 'cron(MON 9 * * ? *)', 'minutes must be 0 to 59'],
    ['two years’ digits', 'cron(0 9 * * ? 26)', 'year must be 1970 to 2199'],
    ['a range that goes down', 'cron(0 9 ? * FRI-MON *)', 'a range of day-of-week must be ascending'],
    ['a step of 0', 'cron(*/0 9 * * ? *)', 'a step of minutes must be 1 to 59'],
    ['a question mark for hours', 'cron(0 ? * * ? *)', 'hours is not valid'],
    ['an empty part of a list', 'cron(0, 9 * * ? *)', 'minutes is not valid'],
    ['a third of a range', 'cron(0 1-2-3 * * ? *)', 'hours is not valid'],
    ['two specials', 'cron(0 9 ? * 3#1,6#3 *)', 'day-of-week is not valid'],
    ['the sixth Friday', 'cron(0 9 ? * 6#6 *)', 'day-of-week is not valid'],
    ['30 February', 'cron(0 9 30 2 ? *)', 'the schedule never fires'],
    ['29 February of no leap year', 'cron(0 9 29 2 ? 2027)', 'the schedule never fires'],
  ])('is one with %s', (_, expression, message) => {
    expect(faultOf(expression)).toThrow(new ScheduleFault(message));
  });

  it('is one with a year in the past, judged by the given time', () => {
    const past = { expression: 'cron(0 9 * * ? 2025)' };
    expect(() => parseSchedule(past, MONDAY)).toThrow(new ScheduleFault('the schedule never fires'));
    expect(nextRun(parseSchedule(past), MONDAY)).toBeUndefined();
  });

  it.each(['Nairobi', 'Africa/Nowhere', '+03:00', '', ' ', 'EAT!', '3'])(
    'is one with the time zone %j',
    (timeZone) => {
      const message = 'the time zone must be an IANA name, such as Africa/Nairobi';
      expect(faultOf('cron(0 9 * * ? *)', timeZone)).toThrow(new ScheduleFault(message));
      expect(faultOf('rate(1 day)', timeZone)).toThrow(new ScheduleFault(message));
    },
  );
});
