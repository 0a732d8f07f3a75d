/*
 * `{{column}}` in the texts of a campaign's message. Everything between the braces is a name, apart from
 * surrounding spaces. A misspelt placeholder is therefore an unknown column, which is refused, and never
 * reaches a customer as text. The contract's limit on nesting bounds the recursion.
 */

const PLACEHOLDER = /\{\{([^{}]*)\}\}/g;

/** The names in all strings of a JSON value, sorted and unique. Keys are ignored. */
export function placeholdersIn(value: unknown): string[] {
  const names = [...stringsIn(value)].flatMap((text) => [...text.matchAll(PLACEHOLDER)].map(nameOf));
  return [...new Set(names)].sort();
}

/**
 * Replaces each placeholder with its column's text, verbatim: placeholders inside a column are not replaced.
 * A name without a column becomes the empty string; `placeholdersIn` finds such names beforehand.
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

/**
 * The same JSON value with its strings mapped. A key may be `__proto__`, which `fromEntries` treats like any
 * other.
 */
function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((part) => mapStrings(part, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, mapStrings(part, change)]));
}
