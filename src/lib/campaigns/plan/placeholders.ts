/*
 * `{{column}}` in the texts of a campaign's message. Whatever stands between the braces is a name, blanks around
 * it aside: a misspelt placeholder is then an unknown column, which is refused, and never a text that customers
 * get to read. Values nest no deeper than the contract allows data to.
 */

const PLACEHOLDER = /\{\{([^{}]*)\}\}/g;

/** The names in all strings of a JSON value, sorted, each once. Keys are not looked at. */
export function placeholdersIn(value: unknown): string[] {
  const names = [...stringsIn(value)].flatMap((text) => [...text.matchAll(PLACEHOLDER)].map(nameOf));
  return [...new Set(names)].sort();
}

/**
 * The value with every placeholder replaced by its column's text, as it is: what a column holds is no template.
 * A name without a column becomes nothing; `placeholdersIn` tells of those before.
 */
export function render<T>(value: T, columns: Readonly<Record<string, string>>): T {
  const fill = (text: string) =>
    text.replace(PLACEHOLDER, (...match: [string, string]) => columnOf(columns, nameOf(match)));
  return mapStrings(value, fill) as T;
}

const nameOf = ([, name = '']: ArrayLike<string> & Iterable<string>) => name.trim();

const columnOf = (columns: Readonly<Record<string, string>>, name: string) =>
  Object.hasOwn(columns, name) ? (columns[name] ?? '') : '';

function* stringsIn(value: unknown): Iterable<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null)
    for (const part of Object.values(value)) yield* stringsIn(part);
}

/** The same JSON value with other strings. A key may be `__proto__`: `fromEntries` makes it a key like any other. */
function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((part) => mapStrings(part, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, mapStrings(part, change)]));
}
