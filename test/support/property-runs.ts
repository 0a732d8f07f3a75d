/**
 * How often a costly property is tried: `npm test` has three minutes for everything, and CI tries it PROPERTY_RUNS
 * times as often beside it.
 */
export const runs = (count: number): number => count * Number(process.env['PROPERTY_RUNS'] ?? 1);
