/** docs/capacity.md: the arithmetic, and the shortest runs. test/e2e/capacity-page.test.ts has the long ones. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withParts } from '../../../scripts/docs-capacity.ts';
import { ROOT } from '../../support/readme.ts';

describe('docs/capacity.md', () => {
  const page = readFileSync(join(ROOT, 'docs/capacity.md'), 'utf8');

  it('has the limits that follow from the code: write it with `npm run docs:capacity`', () => {
    expect(withParts(page, ['raised', 'limits', 'new account'])).toBe(page);
  });

  it('is written whole, or not at all', () => {
    expect(() => withParts('# Empty', ['limits'])).toThrow('docs/capacity.md has no part "limits"');
  });
});
