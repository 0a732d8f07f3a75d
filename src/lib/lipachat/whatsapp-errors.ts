import { classOf } from '../whatsapp/error-codes.ts';
import { bareName, unpacked } from './reading/fields.ts';

/*
 * WhatsApp's error codes in what LipaChat says: one reader for responses and for status callbacks. A code may be a
 * field or part of a text, at any place: `errors` is null in all of LipaChat's samples, so its shape is unknown.
 */

/** WhatsApp refuses a free-form message because the session window is shut. */
const WINDOW_SHUT = 131047;

/**
 * The wordings of a shut window, for texts without a code: LipaChat's own, and the title and details of 131047 and of
 * 470, its predecessor.
 */
const WINDOW_SHUT_WORDS: readonly RegExp[] = [
  /\b24[- ]?h(?:ou)?rs?[- ](?:customer[- ](?:service|care)[- ]|sandbox |messaging |session )*(?:session )?window/i,
  /\b(?:customer[- ](?:service|care)|session|messaging) window (?:is |has |was |been )*(?:closed|shut|expired|not open|over)\b/i,
  /\bre-?engagement message\b/i,
  /\b(?:more than|over) 24[- ]?(?:hours|hrs|h) (?:have |has )?(?:passed|elapsed)\b/i,
];

/** `(#131047) Re-engagement message`, or the bare number. */
const CODE_IN_WORDS = /\(#(\d{1,6})\)|\b(13\d{4})\b/g;
/** A code from here up can only be WhatsApp's. A lower number may belong to another numbering. */
export const UNMISTAKABLE = 100_000;
/** WhatsApp's have six digits. A longer number is something else, and may not fit the table. */
const HIGHEST_CODE = 9_999_999;
const CODE_NAMES = new Set(['code', 'codes', 'errorcode', 'errorcodes']);
/** Members that hold prose. Other texts, such as a trace id, are not searched for codes. */
const TEXT_NAMES = new Set([
  ...['message', 'title', 'details', 'detail', 'description', 'statusdesc', 'statusdescription', 'reason'],
  ...['error', 'errors', 'errormessage', 'errordescription', 'failurereason', 'data'],
]);
/** Deeper, nothing is read. */
const DEEPEST = 32;

/** What a response or a status says about a failure. */
export interface ErrorsSaid {
  /** In the order in which they stand. */
  readonly codes: readonly number[];
  /** The code that decides, or the one that stands for the words. */
  readonly code: number | undefined;
}

/**
 * Reads the errors of a response's envelope or of a status. `words`: all that it says. A bare `code` beside the errors may
 * be LipaChat's own or HTTP's, so it counts only if it is unmistakable; and a number counts only where errors stand, not
 * in a list such as a time.
 */
export function errorsIn(said: object, words: string): ErrorsSaid {
  const codes = Object.entries(said).flatMap(([name, value]) => {
    const bare = bareName(name);
    const isOfErrors = CODE_NAMES.has(bare) || TEXT_NAMES.has(bare);
    const read = isOfErrors || !Array.isArray(value) ? value : value.filter((one) => typeof one === 'object');
    const found = codesOfMember(bare, read, 0);
    return bare === 'code' ? found.filter((code) => code >= UNMISTAKABLE) : found;
  });
  return { codes, code: decidingCode(codes, words) };
}

/**
 * The code that decides: the first with a known class, else 131047 if the words say that the window is shut, else the
 * first code. A known code is stronger than words, because titles change.
 */
function decidingCode(codes: readonly number[], words: string): number | undefined {
  const known = codes.find((code) => classOf(code) !== undefined);
  if (known !== undefined) return known;
  return saysWindowShut(words) ? WINDOW_SHUT : codes[0];
}

/** Whether a text without a code says that the session window is shut. */
function saysWindowShut(words: string): boolean {
  return WINDOW_SHUT_WORDS.some((wording) => wording.test(words));
}

/** All strings in a value, in order. */
export function textsIn(value: unknown, depth = 0): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return [];
  return Object.values(value).flatMap((inner) => textsIn(inner, depth + 1));
}

function codesUnder(value: unknown, depth: number): number[] {
  if (depth > DEEPEST) return [];
  // A bare 0 is no error.
  if (typeof value === 'number') return value > 0 && isCode(value) ? [value] : [];
  if (typeof value === 'string') return codesInText(value, depth);
  if (Array.isArray(value)) return value.flatMap((inner) => codesUnder(inner, depth + 1));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    // A map from codes to their texts.
    ...(/^1\d{5}$/.test(name) ? [Number(name)] : []),
    ...codesOfMember(bareName(name), inner, depth + 1),
  ]);
}

function codesOfMember(bare: string, value: unknown, depth: number): number[] {
  if (CODE_NAMES.has(bare)) {
    const code = codeOf(value);
    return code === undefined ? codesUnder(value, depth) : [code];
  }
  if (typeof value === 'string') return TEXT_NAMES.has(bare) ? codesInText(value, depth) : [];
  if (typeof value === 'number') return TEXT_NAMES.has(bare) ? codesUnder(value, depth) : [];
  return codesUnder(value, depth);
}

/** Of JSON text, the codes in what it encodes. A text of nothing but digits is a code, if it can't be HTTP's status. */
function codesInText(text: string, depth: number): number[] {
  const found = unpacked(text);
  if (typeof found === 'object') return codesUnder(found, depth + 1);
  const [code] = /^\s*\d{5,7}\s*$/.test(text) ? [codeOf(text)] : [];
  return code === undefined ? codesInWords(text) : [code];
}

/** A code as a number or as digits. */
function codeOf(value: unknown): number | undefined {
  const code = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof code === 'number' && isCode(code) ? code : undefined;
}

function isCode(n: number): boolean {
  return Number.isInteger(n) && n >= 0 && n <= HIGHEST_CODE;
}

function codesInWords(words: string): number[] {
  return [...words.matchAll(CODE_IN_WORDS)].map(([, tagged, bare]) => Number(tagged ?? bare));
}
