export type Schedule = { readonly every: number };
export class ScheduleFault extends Error {}
export function parseSchedule(_: {
  readonly expression: string;
  readonly timeZone?: string | undefined;
}): Schedule {
  return { every: 60_000 };
}
export function nextRun(s: Schedule, after: Date): Date | undefined {
  return new Date(after.getTime() + s.every);
}
