/*
 * Parses JSON of a stranger within bounds. What is deeper or larger than any envelope could stop a later consumer: the
 * recursion of JSON.stringify, a receipt's item, a caller's own parser. So it is not parsed at all.
 */

/** Below the default of 64 of common parsers, with room for our own receipt around it. */
const DEEPEST = 32;
/** Members of all objects and lists together. */
const MOST_MEMBERS = 1_000;
/** Characters of one string as it stands in the text. */
const LONGEST_STRING = 48 * 1024;
/** Larger than any known envelope. */
export const LARGEST_BODY = 64 * 1024;

/** The value; undefined if the text is no JSON. */
export type Parsed = { readonly isOver: true } | { readonly isOver: false; readonly value: unknown };

export function parseBounded(text: string): Parsed {
  if (isOverBounds(text)) return { isOver: true };
  try {
    return { isOver: false, value: JSON.parse(text) };
  } catch {
    return { isOver: false, value: undefined };
  }
}

/** One pass without recursion, before anything is allocated. */
function isOverBounds(text: string): boolean {
  if (text.length > LARGEST_BODY) return true;
  let [depth, members] = [0, 0];
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') {
      const end = endOfString(text, at);
      if (end - at > LONGEST_STRING) return true;
      at = end;
    } else if (char === '{' || char === '[') {
      depth += 1;
      members += 1;
    } else if (char === '}' || char === ']') depth -= 1;
    else if (char === ',') members += 1;
    if (depth > DEEPEST || members > MOST_MEMBERS) return true;
  }
  return false;
}

/** The place of the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}
