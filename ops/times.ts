/** Instants for people: UTC, which the logs have, and the zone of the machine, which its clock shows. */

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

/** `2026-01-01 09:00:00 UTC (01 Jan, 12:00:00 GMT+3)`; `timeZone` is the machine's own by default. */
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

/** How long ago, or in how long, in its largest unit. */
export const ago = (at: Date, now: Date): string => {
  const seconds = Math.round((now.getTime() - at.getTime()) / 1000);
  return seconds < 0 ? `in ${span(-seconds)}` : `${span(seconds)} ago`;
};
