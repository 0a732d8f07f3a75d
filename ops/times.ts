/** Instants as text: in UTC, as in the logs, and in the machine's time zone. */

const local = (at: Date, timeZone: string | undefined): string =>
  new Intl.DateTimeFormat('en-GB', {
    day: '2-digit',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
    timeZone,
  }).format(at);

/** `2026-01-01 09:00:00 UTC (01 Jan, 12:00:00 GMT+3)`; `timeZone` defaults to the machine's. */
export const bothTimes = (at: Date, timeZone?: string): string =>
  `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC (${local(at, timeZone)})`;

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const;

const span = (seconds: number): string => {
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? ['s', 1];
  return `${Math.floor(seconds / size)} ${unit}`;
};

/** `5 min ago` or `in 2 h`: rounded down to the largest unit. */
export const ago = (at: Date, now: Date): string => {
  const seconds = Math.round((now.getTime() - at.getTime()) / 1000);
  return seconds < 0 ? `in ${span(-seconds)}` : `${span(seconds)} ago`;
};
