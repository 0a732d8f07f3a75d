/** AWS's prices, read from docs/cost.md so that there is only one list. */
import { readFileSync } from 'node:fs';

const page = readFileSync(new URL('../docs/cost.md', import.meta.url), 'utf8');

/** Dollars per million of a unit. Throws if the page has no such row, or no number in it. */
export function pricePerMillion(service: string, unit: string): number {
  const row = page.split('\n').find((line) => line.startsWith(`| ${service} | million ${unit} |`));
  const price = Number(row?.split('|')[3]);
  if (!Number.isFinite(price)) throw new Error(`docs/cost.md has no price of ${service}, ${unit}`);
  return price;
}
