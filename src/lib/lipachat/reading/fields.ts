import { createHash } from 'node:crypto';

/*
 * Fields of foreign JSON, each read by itself. A name counts in any case (`message_id`, `messageId`, `MESSAGEID`), JSON
 * text counts as what it encodes, and the one element of a list as the list. Null and empty values count as absent.
 */

export type Fields = Readonly<Record<string, unknown>>;

const MOST_ENCODINGS = 3;

/** The value that JSON text encodes, once or up to three times. Any other value as it is. */
export function unpacked(value: unknown): unknown {
  let found = value;
  for (let n = 0; n < MOST_ENCODINGS && typeof found === 'string' && /^\s*[[{"]/.test(found); n += 1) {
    try {
      found = JSON.parse(found);
    } catch {
      return found;
    }
  }
  return found;
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object: itself, as JSON text, or as the only element of a list. */
export function recordIn(value: unknown): Fields | undefined {
  const found = unpacked(value);
  const one: unknown = Array.isArray(found) && found.length === 1 ? unpacked(found[0]) : found;
  return isRecord(one) ? one : undefined;
}

/** A list: itself, in another list, as JSON text, as an object with the indexes for names, or as the one object of it. */
export function listIn(value: unknown): readonly unknown[] {
  const found = unpacked(value);
  if (Array.isArray(found)) return found.flat();
  if (!isRecord(found) || isEmpty(found)) return [];
  return Object.keys(found).every((name) => /^\d+$/.test(name)) ? Object.values(found) : [found];
}

/** Nothing is said by null, blank text, an empty list or an empty object. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === 'string') return value.trim() === '';
  if (typeof value !== 'object') return false;
  for (const name in value) if (Object.hasOwn(value, name)) return false;
  return true;
}

/** A name without case and separators. */
export const bareName = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');

const bareNames = new Map<string, string>();
const indexes = new WeakMap<Fields, ReadonlyMap<string, unknown>>();

function indexOf(fields: Fields): ReadonlyMap<string, unknown> {
  const known = indexes.get(fields);
  if (known) return known;
  const index = new Map<string, unknown>();
  for (const [name, value] of Object.entries(fields)) {
    const bare = bareName(name);
    if (!index.has(bare) && !isEmpty(value)) index.set(bare, value);
  }
  indexes.set(fields, index);
  return index;
}

function bareOf(name: string): string {
  const known = bareNames.get(name);
  if (known !== undefined) return known;
  const bare = bareName(name);
  bareNames.set(name, bare);
  return bare;
}

/** The first of these members that says something. The names are ours: never pass a foreign one. */
export function pick(fields: Fields | undefined, ...names: readonly string[]): unknown {
  if (!fields) return undefined;
  const index = indexOf(fields);
  for (const name of names) {
    const value = index.get(bareOf(name));
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Text, or a number as text. */
export function textIn(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined;
}

/** As long as the table and the aliases take an id. WhatsApp's have about 60 characters. */
const LONGEST_ID = 512;

/** An id or a name that fits a key. One that does not is replaced by its hash, so that repeats are still the same. */
export function keyIn(value: unknown): string | undefined {
  // A gateway writes 0 or -1 for no id. As an id, it would make all messages one.
  if (typeof value === 'number' && (!Number.isInteger(value) || value <= 0)) return undefined;
  const text = typeof value === 'number' ? BigInt(value).toString() : textIn(value);
  if (text === undefined || text.trim() === '') return undefined;
  return text.length <= LONGEST_ID && text.isWellFormed()
    ? text
    : `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** A word of a closed vocabulary, in lower case with `_` between its parts: `Button-Reply` is `button_reply`. */
export function wordIn(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.trim() === '' || value.length > LONGEST_WORD) return undefined;
  return value
    .trim()
    .replace(/[\s-]+/g, '_')
    .toLowerCase();
}

const LONGEST_WORD = 64;

export interface Reader {
  /** Reads a member. If it is there and can't be read, its name is added to `unread`. */
  readonly take: <T>(
    names: readonly [string, ...string[]],
    read: (value: unknown) => T | undefined,
  ) => T | undefined;
  readonly unread: string[];
}

export function readerOf(fields: Fields): Reader {
  const unread: string[] = [];
  return {
    unread,
    take(names, read) {
      const value = pick(fields, ...names);
      const found = value === undefined ? undefined : read(value);
      if (value !== undefined && found === undefined) unread.push(names[0]);
      return found;
    },
  };
}

/** Deeper, a raw value is cut off if it does not fit the call stack. */
export const DEEPEST_RAW = 100;

/** A value as JSON text. One that is nested deeper than the call stack is cut off. */
export function rawOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch (fault) {
    if (!(fault instanceof RangeError)) throw fault;
    return JSON.stringify(cut(value, DEEPEST_RAW));
  }
}

function cut(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return '…';
  if (Array.isArray(value)) return value.map((one) => cut(one, depth - 1));
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, cut(inner, depth - 1)]));
}

/** Is it nested deeper than `depth`? Safe for any nesting. */
export function isDeeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((inner) => isDeeperThan(inner, depth - 1));
}
