import { type Fields, isEmpty, pick, recordIn, unpacked } from './fields.ts';

/*
 * The time in a callback, in whatever form it comes. One rule for what is not exact: it is the latest instant that the
 * stamp may mean. A local time without a zone is read as UTC-12, the last zone to reach it, and a date without a time as
 * the end of that day there. A stamp after the arrival counts as the arrival, so a message that has just been written is
 * never taken for an old one, and one that is three days old is old in any form.
 */

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The last zone of the day. */
const LATEST_ZONE_MS = -12 * HOUR_MS;

/** WhatsApp is younger than any stamp below: 2001. Smaller numbers count something else. */
const FIRST_SECOND = 1e9;
/** Above which a number counts milliseconds, microseconds and nanoseconds. */
const UNITS = [
  { from: FIRST_SECOND, to: 1e11, perMs: 1e-3 },
  { from: 1e11, to: 1e14, perMs: 1 },
  { from: 1e14, to: 1e17, perMs: 1e3 },
  { from: 1e17, to: 1e20, perMs: 1e6 },
];

/** The instant in a stamp of any form; undefined if there is none. */
export function instantIn(value: unknown): Date | undefined {
  const found = unpacked(value);
  if (typeof found === 'number') return ofNumber(found);
  if (typeof found === 'string') return ofText(found);
  if (Array.isArray(found)) return ofList(found);
  const fields = recordIn(found);
  return fields && ofFields(fields);
}

/** `+1 795 775 000`, `1.795775E9` (Java's double), `/Date(1795775000000)/` (.NET). */
const NUMERAL = /^(?:\/Date\()?\+?(\d+(?:\.\d+)?(?:e\+?\d{1,2})?)(?:[+-]\d{4})?(?:\)\/)?$/i;

function ofNumber(n: number): Date | undefined {
  const unit = UNITS.find(({ from, to }) => n >= from && n < to);
  return unit && new Date(Math.floor(n / unit.perMs));
}

const LONGEST = 80;

function ofText(text: string): Date | undefined {
  if (text.length > LONGEST) return undefined;
  const numeral = NUMERAL.exec(text.replace(/\s/g, ''))?.[1];
  // Eight digits are a date, fourteen may be a time of day too: `20261124100000`.
  const digits = numeral !== undefined && /^20\d{12}$/.test(numeral) ? ofCompact(numeral) : undefined;
  if (digits) return digits;
  return (numeral === undefined ? undefined : ofNumber(Number(numeral))) ?? ofWords(text);
}

/** Digits that count milliseconds have 13. */
function ofCompact(digits: string): Date | undefined {
  const [, y = '', mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(digits) ?? [];
  return latestOf({ date: [+y, Number(mo), Number(d)], time: [Number(h), Number(mi), Number(s), 0] });
}

type YearMonthDay = readonly [year: number, month: number, day: number];

interface Local {
  readonly date: YearMonthDay;
  /** Hour, minute, second, millisecond. Absent: any time of that day. */
  readonly time?: readonly [number, number, number, number] | undefined;
  /** Milliseconds ahead of UTC, if the stamp says so. */
  readonly zoneMs?: number | undefined;
}

/** The latest instant that it may mean; undefined if there is no such day or time. */
function latestOf({ date: [year, month, day], time, zoneMs = LATEST_ZONE_MS }: Local): Date | undefined {
  const [h, m, s, ms] = time ?? [0, 0, 0, DAY_MS - 1];
  if (h > 23 || m > 59 || s > 60 || year < 2001 || year > 2999) return undefined;
  const midnight = new Date(Date.UTC(year, month - 1, day));
  if (midnight.getUTCMonth() !== month - 1 || midnight.getUTCDate() !== day) return undefined;
  const at = midnight.getTime() + h * HOUR_MS + m * 60_000 + s * 1_000 + ms - zoneMs;
  return Number.isFinite(at) ? new Date(at) : undefined;
}

/** Jackson's `[2026,11,24,10,30,5,123000000]`; a date alone has three elements, and seconds may be left out. */
function ofList(list: readonly unknown[]): Date | undefined {
  if (list.length === 1 && !Array.isArray(list[0])) return instantIn(list[0]);
  const numbers = list.map((one) => (isEmpty(one) ? Number.NaN : Number(one)));
  if (numbers.length < 3 || numbers.length > 7 || !numbers.every(Number.isInteger)) return undefined;
  const [year = 0, month = 0, day = 0, h = 0, m = 0, s = 0, nano = 0] = numbers;
  const time = numbers.length > 3 ? ([h, m, s, Math.floor(nano / 1e6)] as const) : undefined;
  return latestOf({ date: [year, month, day], time });
}

/** An instant as an object: protobuf's, Java's, Firestore's and MongoDB's, and Java's local time as a bean. */
function ofFields(fields: Fields): Date | undefined {
  const instant = pick(
    fields,
    'seconds',
    '_seconds',
    'epochSecond',
    'epochMilli',
    '$date',
    '$numberLong',
    'value',
  );
  // Only MongoDB has another object inside: `{"$date":{"$numberLong":"…"}}`.
  const inner = recordIn(instant) ? pick(recordIn(instant), '$numberLong') : instant;
  if (instant !== undefined) return recordIn(inner) ? undefined : instantIn(inner);
  const [year, hour, minute, second] = ['year', 'hour', 'minute', 'second'].map((name) => pick(fields, name));
  const [month, day] = [pick(fields, 'monthValue', 'month'), pick(fields, 'dayOfMonth', 'day')];
  if (year === undefined) return undefined;
  return ofList(hour === undefined ? [year, month, day] : [year, month, day, hour, minute ?? 0, second ?? 0]);
}

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const MONTH = '(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\\.?';
const YEAR_FIRST = /^\s*(\d{4})([-/.]?)(\d\d?)\2(\d\d?)(?!\d)/;
/** Two digits are no year after dots: `10.11.12` may be a time of day. */
const YEAR_LAST = /^\s*(\d\d?)([-/.])(\d\d?)\2(\d{4}|(?<!\.)\d\d)\b/;
/** `Tue, 24 Nov 2026`, `24-Nov-2026`. */
const DAY_MONTH = new RegExp(`\\b(\\d{1,2})(?:st|nd|rd|th)?[\\s-]+${MONTH}`, 'i');
/** `Nov 24, 2026`, `Tue Nov 24 10:00:00 EAT 2026`. */
const MONTH_DAY = new RegExp(`\\b${MONTH}[\\s-]+(\\d{1,2})(?:st|nd|rd|th)?\\b(?!:)`, 'i');
const YEAR = /\b20\d\d\b(?!:)/;
const CLOCK = /\b(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(?:\s*([ap])\.?m\b\.?)?/i;
/** ISO 8601 without separators. */
const COMPACT_CLOCK = /^\s*(\d\d)(\d\d)(\d\d)?(?:[.,](\d+))?/;

/** ISO 8601 in all its forms, RFC 1123, Java's and JavaScript's `toString`, and dates with slashes. */
function ofWords(text: string): Date | undefined {
  const written = dateIn(text);
  if (!written) return undefined;
  const rest = text.replace(written.text, ' ').replace(/^\s*t/i, ' ');
  const clock = CLOCK.exec(rest) ?? COMPACT_CLOCK.exec(rest);
  const zoneMs = zoneIn(clock ? rest.slice(clock.index + clock[0].length) : rest);
  const time = clock ? timeIn(clock) : undefined;
  const found = written.days.map((date) => latestOf({ date, time, zoneMs })).filter((at) => at !== undefined);
  return found.toSorted((a, b) => b.getTime() - a.getTime())[0];
}

interface WrittenDate {
  readonly text: string;
  /** Each day that it may mean: `05/06/2026` is in May or in June. */
  readonly days: readonly YearMonthDay[];
}

function dateIn(text: string): WrittenDate | undefined {
  const first = YEAR_FIRST.exec(text);
  if (first) return { text: first[0], days: [[Number(first[1]), Number(first[3]), Number(first[4])]] };
  const last = YEAR_LAST.exec(text);
  if (last) return { text: last[0], days: daysOf(last) };
  const year = YEAR.exec(text)?.[0];
  const [dayMonth, monthDay] = [DAY_MONTH.exec(text), MONTH_DAY.exec(text)];
  if (year === undefined) return undefined;
  if (dayMonth) return { text: dayMonth[0], days: [dayOf(year, dayMonth[2], dayMonth[1])] };
  return monthDay ? { text: monthDay[0], days: [dayOf(year, monthDay[1], monthDay[2])] } : undefined;
}

/** Day first, or month first after slashes and with a year of two digits: that may come first, too. */
function daysOf([, first, separator, second, year = '']: RegExpExecArray): YearMonthDay[] {
  const [a, b, y] = [Number(first), Number(second), Number(year)];
  if (year.length === 2)
    return [
      [2000 + y, b, a],
      [2000 + y, a, b],
      [2000 + a, b, y],
    ];
  return separator === '/'
    ? [
        [y, b, a],
        [y, a, b],
      ]
    : [[y, b, a]];
}

function dayOf(year: string, month = '', day = ''): YearMonthDay {
  return [Number(year), MONTHS.indexOf(month.toLowerCase()) + 1, Number(day)];
}

function timeIn([, hours, minutes, seconds, fraction = '', half]: RegExpExecArray): Local['time'] {
  const hour = Number(hours);
  const isOfHalf = half !== undefined && hour >= 1 && hour <= 12;
  const h = isOfHalf ? (hour % 12) + (half.toLowerCase() === 'p' ? 12 : 0) : hour;
  return [h, Number(minutes), Number(seconds ?? 0), Number(fraction.slice(0, 3).padEnd(3, '0'))];
}

/** Hours ahead of UTC. Other abbreviations mean several zones, so such a time counts as local. */
const ZONES: Readonly<Record<string, number>> = { z: 0, utc: 0, gmt: 0, eat: 3, cat: 2, wat: 1, sast: 2 };
const ZONE = /^\s*(?:\(?\s*(z|utc|gmt|eat|cat|wat|sast)\b)?\s*(?:([+\-\u2212])\s?(\d\d?)(?::?(\d\d))?\b)?/i;

function zoneIn(text: string): number | undefined {
  const [, name, sign, hours, minutes = 0] = ZONE.exec(text) ?? [];
  if (sign !== undefined) {
    const ms = Number(hours) * HOUR_MS + Number(minutes) * 60_000;
    return ms > 14 * HOUR_MS ? undefined : sign === '+' ? ms : -ms;
  }
  const ahead = name === undefined ? undefined : ZONES[name.toLowerCase()];
  return ahead === undefined ? undefined : ahead * HOUR_MS;
}
