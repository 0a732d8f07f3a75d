/** Faults of a Markdown page that its reader meets: what a generator left behind, and links that lead nowhere. */
import { dirname, join, normalize } from 'node:path/posix';

/** The text of a file by its path from the root; for a folder any text; undefined if there is neither. */
export type ReadFile = (path: string) => string | undefined;

const withoutBlocks = (markdown: string): string => markdown.replace(/^ *(```|~~~).*?^ *\1 *$/gms, '');
const withoutCode = (markdown: string): string =>
  withoutBlocks(markdown).replace(/(`+)[^`]((?!\n\n).)*?\1/gs, '');

/** A heading's anchor as GitHub makes it. */
const slugOf = (heading: string): string =>
  heading
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');

/** All anchors of a page. A heading that repeats another one gets a number. */
const anchorsOf = (markdown: string): Set<string> => {
  const slugs = [...withoutBlocks(markdown).matchAll(/^#{1,6} +(.+?)(?: +#+)?$/gm)].map(([, heading = '']) =>
    slugOf(heading),
  );
  return new Set(
    slugs.map((slug, index) => {
      const before = slugs.slice(0, index).filter((one) => one === slug).length;
      return before === 0 ? slug : `${slug}-${before}`;
    }),
  );
};

const LINK = /\]\(\s*<?([^()\s>]+)>?(?:\s+"[^"]*")?\s*\)|^\[[^\]]+\]:\s*<?([^\s>]+)/gm;

const linksIn = (markdown: string): string[] =>
  [...withoutCode(markdown).matchAll(LINK)].map(([, inline, reference]) => inline ?? reference ?? '');

const isRelative = (link: string): boolean => !/^([a-z][a-z\d+.-]*:|\/)/i.test(link);

const faultOf = (link: string, page: string, read: ReadFile): string[] => {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : normalize(join(dirname(page), path));
  const text = read(target);
  if (text === undefined) return [`${page}: ${link} leads to no file`];
  if (anchor === undefined || !target.endsWith('.md') || anchorsOf(text).has(anchor)) return [];
  return [`${page}: ${link} leads to no heading`];
};

/** All faults of the page at that path, each with the page's name. */
export const faultsIn = (page: string, read: ReadFile): string[] => {
  const markdown = read(page) ?? '';
  const leftovers = [...withoutCode(markdown).matchAll(/\bundefined\b/gi)].map(
    ([word]) => `${page}: contains "${word}"`,
  );
  const dead = linksIn(markdown)
    .filter(isRelative)
    .flatMap((link) => faultOf(link, page, read));
  return [...leftovers, ...dead];
};
