import { onOneLine, shortened, withoutNumbers } from '../platform/text.ts';
import { explanationOf } from '../whatsapp/error-code-texts.ts';

/* What people read of a refusal: what LipaChat said, what its code means, and what to do. */

interface Refusal {
  readonly httpStatus: number;
  /** What LipaChat said, on one line and without secrets and numbers; empty if nothing. */
  readonly said: string;
  /** WhatsApp's error code, if the response has one. */
  readonly code: number | undefined;
  readonly duplicate: boolean;
}

const CORRECT_IT =
  'Correct what LipaChat names, or compare the request with the published flow or template. Then use a new messageId.';
const KNOWN_ID = 'LipaChat knows this messageId from elsewhere. Use a new messageId.';

/** LipaChat's words for people: on one line, without the apiKey and phone numbers, and then cut to `length`. */
export function presentable(
  words: string,
  { apiKey, length }: { readonly apiKey: string | undefined; readonly length: number },
): string {
  return shortened(withoutNumbers(onOneLine(withoutKey(words, apiKey))), length);
}

/** Also as it stands in JSON. */
function withoutKey(words: string, apiKey: string | undefined): string {
  if (!apiKey) return words;
  return words.replaceAll(apiKey, '…').replaceAll(JSON.stringify(apiKey).slice(1, -1), '…');
}

/** The `detail` of a final refusal. At most 500 UTF-16 units: it is stored with the message, up to three times. */
export function refusalDetail({ httpStatus, said, code, duplicate }: Refusal): string {
  const reason =
    said === ''
      ? `LipaChat refused it with HTTP ${httpStatus} and gave no reason.`
      : `${said}${/[.!?…]$/.test(said) ? '' : '.'} (LipaChat's words, with HTTP ${httpStatus}.)`;
  return [reason, meaningOf(code), nextStepOf(code, duplicate)].filter(Boolean).join(' ');
}

function meaningOf(code: number | undefined): string {
  if (code === undefined) return '';
  const means = explanationOf(code)?.means;
  return means === undefined
    ? `WhatsApp error ${code}, which is not in docs/error-codes.md.`
    : `WhatsApp error ${code}: ${means}.`;
}

function nextStepOf(code: number | undefined, duplicate: boolean): string {
  if (duplicate) return KNOWN_ID;
  return (code === undefined ? undefined : explanationOf(code)?.tell) ?? CORRECT_IT;
}
