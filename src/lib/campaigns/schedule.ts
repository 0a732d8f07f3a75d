import { Cron } from 'croner';

/*
 * Recurring campaigns, in the syntax of AWS EventBridge: `cron(minutes hours day-of-month month day-of-week
 * year)` or `rate(5 minutes)`. croner does the arithmetic. Where its syntax differs from EventBridge's,
 * expressions are translated or refused.
 */

/** A parsed schedule. */
export type Schedule =
  | { readonly kind: 'cron'; readonly cron: Cron }
  | { readonly kind: 'rate'; readonly periodMs: number };

/** A schedule that can never run. The message tells its author why. */
export class ScheduleFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ScheduleFault';
  }
}

interface Spelling {
  readonly expression: string;
  /** An IANA name; UTC by default. */
  readonly timeZone?: string | undefined;
}

/**
 * Parses a schedule. Throws `ScheduleFault`, also for a time that no calendar has (30 February) and, with
 * `after`, for a schedule without a later time, such as a past year.
 *
 * When clocks go forward, a fixed time in the gap runs at its end (02:30 at 03:00), and a step (`*` or
 * `0/15`) skips the gap. When they go back, a fixed time runs once, the first time, and a step runs through
 * both hours. Lists and ranges count as fixed.
 */
export function parseSchedule({ expression, timeZone = 'UTC' }: Spelling, after?: Date): Schedule {
  checkZone(timeZone);
  const [, kind, inner = ''] = /^(cron|rate)\((.*)\)$/.exec(expression.trim()) ?? [];
  if (kind === 'rate') return { kind, periodMs: periodOf(inner) };
  if (kind !== 'cron') throw new ScheduleFault('the expression must be cron(…) or rate(…)');
  const schedule: Schedule = { kind, cron: cronOf(inner, timeZone) };
  if (!nextRun(schedule, after ?? new Date(0))) throw new ScheduleFault('the schedule never fires');
  return schedule;
}

/** The first run after `after`; undefined if there is none. A rate counts from `after` itself. */
export function nextRun(schedule: Schedule, after: Date): Date | undefined {
  if (schedule.kind === 'rate') return new Date(after.getTime() + schedule.periodMs);
  return schedule.cron.nextRun(after) ?? undefined;
}

function checkZone(timeZone: string): void {
  try {
    // Offsets like +03:00 are not zones: they have no daylight saving time.
    if (/^[a-z]/i.test(timeZone) && new Intl.DateTimeFormat('en', { timeZone })) return;
  } catch {
    // Unknown to the runtime's IANA database.
  }
  throw new ScheduleFault('the time zone must be an IANA name, such as Africa/Nairobi');
}

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

function periodOf(rate: string): number {
  const [, count, unit = ''] = /^([1-9]\d{0,4}) +(minute|hour|day)s?$/.exec(rate.trim()) ?? [];
  const unitMs = UNIT_MS[unit];
  if (unitMs === undefined)
    throw new ScheduleFault(
      'a rate must be a positive integer and minutes, hours or days, such as rate(2 hours)',
    );
  return Number(count) * unitMs;
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  /** Names of the numbers from `least` on. */
  readonly names?: readonly string[];
  /** Other values for the whole field. */
  readonly special?: RegExp;
}

const FIELDS: readonly Field[] = [
  { name: 'minutes', least: 0, most: 59 },
  { name: 'hours', least: 0, most: 23 },
  { name: 'day-of-month', least: 1, most: 31, special: /^(L|LW|([1-9]|[12]\d|3[01])W)$/ },
  { name: 'month', least: 1, most: 12, names: MONTHS },
  {
    name: 'day-of-week',
    least: 1,
    most: 7,
    names: DAYS,
    special: /^([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(L|#[1-5])$/,
  },
  { name: 'year', least: 1970, most: 2199 },
];

function cronOf(fields: string, timeZone: string): Cron {
  const texts = fields.trim().toUpperCase().split(/\s+/);
  if (texts.length !== FIELDS.length)
    throw new ScheduleFault(
      'a cron expression must have six fields: minutes hours day-of-month month day-of-week year',
    );
  const [, , dayOfMonth, , dayOfWeek] = texts;
  if ((dayOfMonth === '?') === (dayOfWeek === '?'))
    throw new ScheduleFault('exactly one of day-of-month and day-of-week must be ?');
  const pattern = FIELDS.map((field, n) => translated(texts[n] ?? '', field));
  return new Cron(['0', ...pattern].join(' '), {
    mode: '7-part',
    timezone: timeZone,
    // SUN is 1, as in EventBridge.
    alternativeWeekdays: true,
    fixedTimeRule: 'no-wildcard',
  });
}

/** A field in croner's syntax: numbers, ranges, and steps over ranges. */
function translated(text: string, field: Field): string {
  const isDay = field.name.startsWith('day');
  if (text === '?' && isDay) return '*';
  // The last day of a week is Saturday.
  if (text === 'L' && field.names === DAYS) return '7';
  if (field.special?.test(text)) return text;
  return text
    .split(',')
    .map((part) => translatedPart(part, field))
    .join(',');
}

function translatedPart(part: string, field: Field): string {
  const { name, least, most } = field;
  const [, from = '', to, step] = /^(\*|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(part) ?? [];
  if (from === '' || (from === '*' && to !== undefined)) throw new ScheduleFault(`${name} is not valid`);
  const first = from === '*' ? least : numberOf(from, field);
  const single = from === '*' || step !== undefined ? most : first;
  const last = to === undefined ? single : numberOf(to, field);
  if (first > last) throw new ScheduleFault(`a range of ${name} must be ascending`);
  if (step !== undefined && (Number(step) < 1 || Number(step) > most))
    throw new ScheduleFault(`a step of ${name} must be 1 to ${most}`);
  if (step !== undefined) return `${first}-${last}/${Number(step)}`;
  // A plain `*` stays: as a range it would count as a fixed time.
  return from === '*' ? '*' : `${first}-${last}`;
}

function numberOf(text: string, { name, least, most, names }: Field): number {
  const value = /^\d{1,4}$/.test(text) ? Number(text) : least + (names?.indexOf(text) ?? -1);
  const isKnown = value >= least && value <= most;
  if (!isKnown) throw new ScheduleFault(`${name} must be ${least} to ${most}${names ? ' or a name' : ''}`);
  return value;
}
