/** The simulated runs of docs/capacity.md, and its picture. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { picture, withParts } from '../../scripts/docs-capacity.ts';
import { ROOT } from '../support/readme.ts';

const read = (file: string): string => readFileSync(join(ROOT, 'docs', file), 'utf8');

describe('docs/capacity.md', () => {
  it('has the figures of its runs: write it with `npm run docs:capacity`', () => {
    const page = read('capacity.md');
    expect(withParts(page, ['full load', 'changes'])).toBe(page);
  });

  it('shows the picture of its run', () => {
    expect(read('capacity.svg')).toBe(picture());
  });
});
