/**
 * `npm run docs:capacity`: writes the tables of docs/capacity.md, and its picture, from serverless.yml, infra/, the code and
 * simulated runs. A test compares them.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { pictureOf } from '../bench/simulate/picture.ts';
import { COMMITTED, RAISED } from '../bench/simulate/scenarios.ts';
import { limitRows } from './capacity/limits.ts';
import { changeRows, fullLoadRows, newAccountRows, resultOf } from './capacity/runs.ts';

const PAGE = fileURLToPath(new URL('../docs/capacity.md', import.meta.url));
const PICTURE = fileURLToPath(new URL('../docs/capacity.svg', import.meta.url));

/** What stands between `<!-- name -->` and `<!-- end -->` on the page. */
export const PARTS = {
  raised: () => [...RAISED],
  'full load': () => [
    '| run | params and quotas | sends refused | callbacks refused | callbacks’ age p99 | events’ age p99 | dead letters | no loss | under 60 s |',
    '| --- | --- | --- | --- | ---: | ---: | ---: | --- | --- |',
    ...fullLoadRows(),
  ],
  changes: () => ['| limit | before | now |', '| --- | --- | --- |', ...changeRows()],
  'new account': () => [
    '| load | sends refused | callbacks refused | callbacks’ age p99 | events’ age p99 |',
    '| --- | ---: | ---: | ---: | ---: |',
    ...newAccountRows(),
  ],
  limits: () => [
    '| limit | quota | raised by | reached at | source |',
    '| --- | --- | --- | --- | --- |',
    ...limitRows(),
  ],
} as const satisfies Record<string, () => string[]>;

export type Part = keyof typeof PARTS;

const between = (part: Part): RegExp => new RegExp(`(<!-- ${part} -->\n\n)[^]*?(\n\n<!-- end -->)`);

/** The page with those parts as the code has them. */
export function withParts(page: string, parts: readonly Part[]): string {
  return parts.reduce((text, part) => {
    if (!between(part).test(text)) throw new Error(`docs/capacity.md has no part "${part}"`);
    const rows = PARTS[part]().join('\n');
    return text.replace(between(part), (_, begin: string, end: string) => begin + rows + end);
  }, page);
}

export const picture = (): string =>
  pictureOf(resultOf(COMMITTED).timeline, '1,000 sends a second, simulated');

if (import.meta.main) {
  await writeFile(PAGE, withParts(await readFile(PAGE, 'utf8'), Object.keys(PARTS) as Part[]));
  await writeFile(PICTURE, picture());
}
