/** A Markdown page with a generated part between two marks, each on its own line. */

const BEGIN = '<!-- figures -->';
const END = '<!-- end -->';
const MARKS = /^(<!-- figures -->|<!-- end -->)$/m;

/**
 * Replaces the text between the marks with `figures`; the rest stays byte for byte. Throws unless the page
 * has each mark once and in order, since a guess would overwrite prose.
 */
export function withFigures(page: string, figures: string): string {
  const [before, begin, , end, after, ...more] = page.split(MARKS);
  if (begin !== BEGIN || end !== END || more.length > 0) {
    throw new Error(`the page needs one line "${BEGIN}" and, after it, one line "${END}"`);
  }
  return `${before}${BEGIN}\n\n${figures}\n\n${END}${after}`;
}
