/**
 * Preloaded into a worker: the clock on its wall, and that alone. Timers run as ever.
 * FLEET_CLOCK `frozen:<epoch ms>` stops it there; `ahead:<ms>` puts it forward; `fast:<epoch ms>:<times>` lets it
 * run so many times as fast from that instant on, the same in every process that is given the same.
 */
const [kind, amount = '0', times = '1'] = (process.env['FLEET_CLOCK'] ?? '').split(':');
const wall = Date.now;
const since = Number(amount);
const clocks: Record<string, () => number> = {
  frozen: () => since,
  fast: () => Math.round(since + (wall() - since) * Number(times)),
};
const shown = clocks[kind ?? ''] ?? (() => wall() + since);

// Every constructor of Date but the one that asks the clock is left as it is.
globalThis.Date = new Proxy(Date, {
  construct: (target, given, newTarget) =>
    Reflect.construct(target, given.length === 0 ? [shown()] : given, newTarget),
});
Date.now = shown;
