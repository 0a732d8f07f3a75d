/* LipaChat's envelope around every response (lipachat-contract, section 2), and what may arrive instead. */

export interface Envelope {
  readonly timestamp?: unknown;
  readonly data?: unknown;
  readonly status?: unknown;
  readonly message?: unknown;
  readonly errors?: unknown;
}

/** A response's body. */
export type Body =
  /** A JSON object. Only LipaChat's own envelope judges a message. */
  | { readonly kind: 'object'; readonly envelope: Envelope; readonly isOwn: boolean }
  /** HTML, text, another JSON value, or nothing: something in front of LipaChat, or behind a wrong URL. */
  | { readonly kind: 'foreign'; readonly words: string }
  /** Cut off, in an encoding that was not requested, or over the bounds: nothing is known of it. */
  | { readonly kind: 'unreadable' };

export function readBody(body: string | undefined): Body {
  if (body === undefined) return { kind: 'unreadable' };
  const text = body.replace(BYTE_ORDER_MARK, '');
  const parsed = parseBounded(text);
  if (parsed.isOver) return { kind: 'unreadable' };
  const envelope = asRecord(parsed.value);
  if (envelope) return { kind: 'object', envelope, isOwn: isOwn(envelope) };
  return { kind: 'foreign', words: plainWords(typeof parsed.value === 'string' ? parsed.value : text) };
}

/** Some servers put it before their JSON, which JSON.parse refuses. */
const BYTE_ORDER_MARK = /^\ufeff/;

/** Short plain text only. An HTML error page is boilerplate, and its words say little about the cause. */
function plainWords(text: string): string {
  return text.length > PLAIN_LENGTH || text.includes('<') ? '' : text;
}

const PLAIN_LENGTH = 200;
const MEMBERS = ['timestamp', 'data', 'message', 'errors'];

/** A framework's error page has a number for a status, and a proxy's JSON has other members. */
function isOwn(envelope: Record<string, unknown>): boolean {
  const { status } = envelope;
  const members = MEMBERS.filter((name) => Object.hasOwn(envelope, name));
  return (status === 'success' || status === 'error') && members.length >= 2;
}

export function asRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/*
 * Parses untrusted JSON within bounds. Anything deeper or larger than a real envelope could break a later consumer (the
 * recursion of JSON.stringify, a receipt's item, a caller's own parser), so it is not parsed at all.
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
