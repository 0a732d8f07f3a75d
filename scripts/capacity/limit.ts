/** One row of the table of limits in docs/capacity.md. */
import { number as count } from '../../bench/simulate/report.ts';
import { linkTo, type Source } from './sources.ts';

export interface Limit {
  readonly what: string;
  readonly quota: string;
  /** How it is raised; `no` if it can't be. */
  readonly raise: string;
  readonly reachedAt: string;
  readonly source: Source | undefined;
}

export const sends = (value: number): string => `${count(value)} sends/s`;
export const callbacks = (value: number): string => `${count(value)} callbacks/s`;

export const limitRow = ({ what, quota, raise, reachedAt, source }: Limit): string =>
  `| ${what} | ${quota} | ${raise} | ${reachedAt} | ${source ? linkTo(source) : '`serverless.yml`'} |`;
