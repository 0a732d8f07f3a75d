/**
 * Preloaded into a worker: the clock on its wall, and that alone. Timers run as ever.
 * FLEET_CLOCK `frozen:<epoch ms>` stops it there; `ahead:<ms>` puts it forward.
 */
const [kind, amount = '0'] = (process.env['FLEET_CLOCK'] ?? '').split(':');
const wall = Date.now;
const shown = kind === 'frozen' ? () => Number(amount) : () => wall() + Number(amount);

// Every constructor of Date but the one that asks the clock is left as it is.
globalThis.Date = new Proxy(Date, {
  construct: (target, given, newTarget) =>
    Reflect.construct(target, given.length === 0 ? [shown()] : given, newTarget),
});
Date.now = shown;
