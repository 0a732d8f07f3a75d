/** How often a costly property is tried: `npm test` has a minute for everything, so CI tries it PROPERTY_RUNS times as often. */
export const runs = (count: number): number => count * Number(process.env['PROPERTY_RUNS'] ?? 1);
