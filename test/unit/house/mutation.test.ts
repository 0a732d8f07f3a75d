/** Stryker passes over a pattern without a file, so a renamed rule would leave the mutation tests unseen. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../support/readme.ts';

const config = JSON.parse(readFileSync(join(ROOT, 'test/mutation/stryker.config.json'), 'utf8')) as {
  readonly mutate: readonly string[];
};

/** Each pattern with one of its alternatives: `a/{b,c}.ts` becomes `a/b.ts` and `a/c.ts`. */
const alternatives = (pattern: string): string[] => {
  const [, head = '', names = '', tail = ''] = /^(.*)\{(.*)\}(.*)$/.exec(pattern) ?? [];
  return names === '' ? [pattern] : names.split(',').map((name) => head + name + tail);
};

describe('the mutation tests', () => {
  const patterns = config.mutate.filter((pattern) => !pattern.startsWith('!')).flatMap(alternatives);

  it('cover the rules of messages and campaigns', () => {
    expect(patterns).toEqual(
      expect.arrayContaining(['src/lib/messages/lease.ts', 'src/lib/lipachat/verdict.ts']),
    );
  });

  it.each(patterns)('find files for %s', (pattern) => {
    expect(globSync(pattern, { cwd: ROOT })).not.toEqual([]);
  });
});
