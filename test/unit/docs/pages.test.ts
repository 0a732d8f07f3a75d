/** The pages contain no generator leftovers, and no links to files or headings that do not exist. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PAGES } from '../../support/commands.ts';
import { faultsIn } from '../../support/pages.ts';
import { ROOT } from '../../support/readme.ts';

const onDisk = (path: string): string | undefined => {
  const found = statSync(join(ROOT, path), { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  return found.isDirectory() ? '' : readFileSync(join(ROOT, path), 'utf8');
};

describe('the pages of the repository', () => {
  it('include README.md and everything in docs/', () => {
    expect(PAGES).toEqual(expect.arrayContaining(['README.md', 'docs/architecture.md']));
    expect(PAGES.filter((page) => page.startsWith('docs/adr/')).length).toBeGreaterThan(10);
  });

  it.each(PAGES)('contain no leftover and no dead link: %s', (page) => {
    expect(faultsIn(page, onDisk)).toEqual([]);
  });
});

describe('a fault of a page', () => {
  const other =
    '# The other page\n\n## A `code` heading: twice!\n\n## A `code` heading: twice!\n\n### `…ErrorsAlarm`\n';
  const faults = (text: string): string[] =>
    faultsIn('docs/page.md', (path) => ({ 'docs/page.md': text, 'docs/other.md': other, src: '' })[path]);

  it.each([
    ['a leftover', '# Figures\n\nundefined', 'contains "undefined"'],
    ['a leftover in a table', '| a | Undefined |\n', 'contains "Undefined"'],
    ['a leftover after a lone backtick', 'A ` here.\n\nundefined\n\nA ` there.', 'contains "undefined"'],
    ['a link to no file', 'See [this](gone.md).', 'gone.md leads to no file'],
    ['a link to a file outside docs', 'See [this](../other.md).', '../other.md leads to no file'],
    ['a reference to no file', 'See [this].\n\n[this]: gone.md\n', 'gone.md leads to no file'],
    ['a picture that is not there', '![a graph](graph.svg)', 'graph.svg leads to no file'],
    ['a link whose text is code', 'See [`gone`](gone.md).', 'gone.md leads to no file'],
    ['a link to no heading', 'See [this](other.md#the-end).', 'other.md#the-end leads to no heading'],
    ['a link to no heading of its own', '# Page\n\n[up](#pages)', '#pages leads to no heading'],
    ['a heading that stands in a block', '```md\n# Up\n```\n\n[up](#up)', '#up leads to no heading'],
    ['a third heading of two', '[this](other.md#a-code-heading-twice-2)', '-2 leads to no heading'],
  ])('includes %s', (_, text, fault) => {
    expect(faults(text)).toEqual([expect.stringContaining(fault)]);
  });

  it.each([
    ['the word in code', 'It gives `undefined`.\n\n```ts\nconst a = undefined;\n[this](gone.md)\n```\n'],
    ['a link in code', 'Write `[this](gone.md)`.'],
    ['a link to a file, a folder, a heading', '[a](other.md) [b](../src) [c](other.md#the-other-page)'],
    ['a heading with code and punctuation', '[a](other.md#a-code-heading-twice) [b](other.md#errorsalarm)'],
    ['the second of two headings', '[a](other.md#a-code-heading-twice-1)'],
    ['a heading of its own', '# A page of 2026\n\n[up](#a-page-of-2026)'],
    ['an address', '[a](https://example.com/gone.md#x) <mailto:a@example.com>'],
  ])('does not include %s', (_, text) => {
    expect(faults(text)).toEqual([]);
  });
});
