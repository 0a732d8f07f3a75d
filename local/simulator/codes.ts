import * as z from 'zod';
import { classOf } from '../../src/lib/whatsapp/error-codes.ts';
import { envelope, freshWaId, receipt } from './envelope.ts';
import { type Answer, jsonAnswer } from './http.ts';

export const errorCode = z.int().min(0).max(999_999);

/** Where a response contains the code. How the real gateway passes it on is not documented. */
export const codePlace = z.enum(['message', 'errors-array', 'errors-object', 'data']);

/** WhatsApp's titles of the most important codes. */
const titles: Record<number, string> = {
  190: 'Access token has expired',
  130429: 'Rate limit hit',
  131000: 'Something went wrong',
  131026: 'Message undeliverable',
  131031: 'Business account locked',
  131047: 'Re-engagement message',
  131049: 'This message was not delivered to maintain healthy ecosystem engagement',
  131050: 'The recipient has chosen to stop receiving marketing messages from your business',
  131056: '(Business Account, Consumer Account) pair rate limit hit',
  132001: 'Template name does not exist in the translation',
  132015: 'Template is paused',
  132068: 'Flow is blocked',
  132069: 'Flow is throttled',
};

/** WhatsApp's title; for other codes, the name of their error class. */
export function titleOf(code: number): string {
  return titles[code] ?? classOf(code)?.replaceAll('-', ' ') ?? 'unknown error';
}

/** A code as text, in WhatsApp's form: `(#131047) Re-engagement message`. */
export const codeInWords = (code: number): string => `(#${code}) ${titleOf(code)}`;

type Refusal = { code: number; place: z.infer<typeof codePlace>; httpStatus: number };
type Refused = { now: Date; messageId: string | null; to: string | null };

/**
 * A refusal with a code. With place `data`, it is the receipt of a failed message, so a 2xx envelope says "success". All
 * others say "error".
 */
export function codedRefusal({ code, place, httpStatus }: Refusal, refused: Refused): Answer {
  const coded = { code, title: titleOf(code) };
  const error = { status: 'error', message: 'Request failed.' } as const;
  const parts = {
    message: () => ({ ...error, message: codeInWords(code) }),
    'errors-array': () => ({ ...error, errors: [coded] }),
    'errors-object': () => ({ ...error, errors: coded }),
    data: () => ({ ...(httpStatus < 300 ? {} : error), data: failedReceipt(code, refused) }),
  };
  return jsonAnswer(httpStatus, envelope(refused.now, parts[place]()));
}

function failedReceipt(code: number, { messageId, to }: Refused): object {
  const sent = receipt({ messageId: messageId ?? '', waId: freshWaId(to ?? '') });
  return { ...sent, status: 'FAILED', statusDesc: titleOf(code), errorCode: code };
}
