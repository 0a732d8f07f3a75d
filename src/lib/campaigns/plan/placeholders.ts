/*
 * `{{column}}` in the texts of a campaign's message. Everything between the braces is a name, apart from
 * surrounding spaces. A misspelt placeholder is therefore an unknown column, which is refused, and never
 * reaches a customer as text. The contract's limit on nesting bounds the recursion.
 */

const PLACEHOLDER = /\{\{([^{}]*)\}\}/g;

/**
 * Characters of columns in one value: more than any valid one has, 50 texts of 1,024 characters. A message has room for
 * thousands of placeholders and a column for 32 KiB, and a recipient would take 100 MB.
 */
const MOST_INSERTED = 128 * 1024;

/** The names in all strings of a JSON value, sorted and unique. Keys are ignored. */
export function placeholdersIn(value: unknown): string[] {
  const names = [...stringsIn(value)].flatMap((text) => [...text.matchAll(PLACEHOLDER)].map(nameOf));
  return [...new Set(names)].sort();
}

/**
 * Replaces each placeholder with its column's text, verbatim: placeholders inside a column are not replaced.
 * A name without a column becomes the empty string; `placeholdersIn` finds such names beforehand. What is too long for any
 * field is cut, and stays too long.
 */
export function render<T>(value: T, columns: Readonly<Record<string, string>>): T {
  let left = MOST_INSERTED;
  const columnText = (...match: [string, string]): string => {
    const text = left > 0 ? columnOf(columns, nameOf(match)) : '';
    left -= text.length;
    return text;
  };
  return mapStrings(value, (text) => text.replace(PLACEHOLDER, columnText)) as T;
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
