import { classOf } from '../whatsapp/error-codes.ts';

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
const CODE_NAMES = new Set(['code', 'errorcode', 'error_code']);
/** Members that hold prose. Other texts, such as a trace id, are not searched for codes. */
const TEXT_NAMES = new Set(['message', 'title', 'details', 'detail', 'description', 'statusdesc', 'reason']);

/** The codes in texts and JSON values, in order. Each value must be bounded in depth. */
export function codesIn(...values: readonly unknown[]): number[] {
  return values.flatMap(codesUnder);
}

/**
 * The code that decides: the first with a known class, else 131047 if the words say that the window is shut, else the
 * first code. A known code is stronger than words, because titles change.
 */
export function decidingCode(codes: readonly number[], words: string): number | undefined {
  const known = codes.find((code) => classOf(code) !== undefined);
  if (known !== undefined) return known;
  return saysWindowShut(words) ? WINDOW_SHUT : codes[0];
}

/** Whether a text without a code says that the session window is shut. */
function saysWindowShut(words: string): boolean {
  return WINDOW_SHUT_WORDS.some((wording) => wording.test(words));
}

/** All strings in a value, in order. */
export function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function codesUnder(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  if (typeof value === 'string') return codesInWords(value);
  if (Array.isArray(value)) return value.flatMap(codesUnder);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    if (CODE_NAMES.has(name.toLowerCase())) return [codeOf(inner)].filter((code) => code !== undefined);
    if (typeof inner === 'string') return TEXT_NAMES.has(name.toLowerCase()) ? codesInWords(inner) : [];
    return typeof inner === 'object' ? codesUnder(inner) : [];
  });
}

/** A code as a number or as digits. */
function codeOf(value: unknown): number | undefined {
  const code = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof code === 'number' && Number.isInteger(code) ? code : undefined;
}

function codesInWords(words: string): number[] {
  return [...words.matchAll(CODE_IN_WORDS)].map(([, tagged, bare]) => Number(tagged ?? bare));
}
