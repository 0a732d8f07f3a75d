import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withFigures } from '../../../bench/page.ts';
import { ROOT } from '../../support/readme.ts';

const BEFORE = '# Performance\n\nHow it is measured.\n\n';
const AFTER = '\n\n## How to read it\n\nA reader needs this.\n';
const pageWith = (middle: string): string => `${BEFORE}<!-- figures -->${middle}<!-- end -->${AFTER}`;
const FIGURES = '| a | b |\n| --- | --- |\n| 1 | 2 |';

describe('writing figures into a page', () => {
  it.each([
    ['adjacent', '\n'],
    ['apart', '\n\n| old |\n\n'],
  ])('replaces the text between the marks and keeps everything around them: marks %s', (_, middle) => {
    expect(withFigures(pageWith(middle), FIGURES)).toBe(pageWith(`\n\n${FIGURES}\n\n`));
  });

  it('replaces the figures of the previous run', () => {
    const once = withFigures(pageWith('\n'), 'old figures');
    expect(withFigures(once, FIGURES)).toBe(withFigures(pageWith('\n'), FIGURES));
  });

  it('changes nothing when the same figures are written again', () => {
    const once = withFigures(pageWith('\n'), FIGURES);
    expect(withFigures(once, FIGURES)).toBe(once);
  });

  it.each([
    ['no mark', `${BEFORE}${AFTER}`],
    ['no mark at the end', `${BEFORE}<!-- figures -->${AFTER}`],
    ['no mark at the beginning', `${BEFORE}<!-- end -->${AFTER}`],
    ['its marks in the wrong order', `${BEFORE}<!-- end -->\n<!-- figures -->${AFTER}`],
    ['a mark twice', `${pageWith('\n')}\n<!-- end -->\n`],
  ])('rejects a page with %s and says what it needs', (_, page) => {
    expect(() => withFigures(page, FIGURES)).toThrow(
      'the page needs one line "<!-- figures -->" and, after it, one line "<!-- end -->"',
    );
  });
});

describe('docs/performance.md', () => {
  const page = readFileSync(join(ROOT, 'docs/performance.md'), 'utf8');

  it('has its marks, and text after them that a run keeps', () => {
    const written = withFigures(page, FIGURES);
    expect(written).toContain(FIGURES);
    expect(written.endsWith(page.slice(page.indexOf('\n## How to read it\n')))).toBe(true);
    expect(page).toContain('\n## How to read it\n');
  });
});
