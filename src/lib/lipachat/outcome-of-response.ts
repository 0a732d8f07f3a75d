import type { Outcome } from '../messages/outcome.ts';
import { classOf, type ErrorClass } from '../whatsapp/error-codes.ts';
import { asRecord, type Body, type Envelope, isText, readBody } from './envelope.ts';
import { isMovedElsewhere, isSuccess, judgesMessage, retryAfterMsOf } from './http-status.ts';
import { addressesHolder, operatorTroubleIn } from './operator-trouble.ts';
import { isFailureWord } from './reading/status-words.ts';
import { presentable, refusalDetail } from './refusal.ts';
import { saysTaken, shownWords, textsOf } from './said.ts';
import { errorsIn, UNMISTAKABLE } from './whatsapp-errors.ts';

/*
 * What a response means (ADR 006). Two results are final, so each is a rule over the whole response:
 *
 * - accepted: a 2xx, `status: "success"`, and `data` with an id and no failure word;
 * - rejected: LipaChat's own envelope, a status that judges a message (200, 400, 422), and no phrase of the operator's
 *   trouble. A code of WhatsApp's judges the message under any 4xx, and beats phrases.
 *
 * A 4xx that is neither is the operator's trouble: nothing was sent. Anything else is ambiguous, not failed.
 */

/** One HTTP response, as far as it was read. */
export interface WireAnswer {
  readonly httpStatus: number;
  readonly retryAfter?: string | undefined;
  /** undefined: cut off, over the limit, or in a content encoding that was not requested. */
  readonly body: string | undefined;
  /** The key of the request. People never see it, even if LipaChat repeats it. */
  readonly apiKey?: string | undefined;
}

interface Seen {
  readonly answer: WireAnswer;
  readonly now: Date;
}

const INVALID_CREDENTIALS = /invalid credentials/i;
const DUPLICATE = /duplicate|already (been |being )?(sent|exist|process|used|receiv|submit)/i;
/** A longer id fits neither a key of the table nor a callback. WhatsApp's have about 60 characters. */
const LONGEST_ID = 512;
/** How many characters of LipaChat's words the operator sees, and the caller of a refused message. */
const SHOWN = { operator: 200, caller: 280 };

/** What a response means. `now` resolves a Retry-After date. */
export function readAnswer(answer: WireAnswer, now: Date): Outcome {
  const { httpStatus } = answer;
  const body = readBody(answer.body);
  if (httpStatus === 401 || saysInvalidCredentials(body)) return { kind: 'credentials' };
  if (httpStatus === 429) return throttled({ answer, now });
  if (isMovedElsewhere(httpStatus)) return { kind: 'notSent', reason: 'LipaChat responded with a redirect' };
  if (isSuccess(httpStatus)) return readSuccess(body, { answer, now });
  if (httpStatus < 400 || httpStatus >= 500 || httpStatus === 408) return unreadable(httpStatus);
  return readRefusal(body, { answer, now });
}

/** LipaChat's own wording of a wrong key. It may come with "success", and under any status. */
function saysInvalidCredentials(body: Body): boolean {
  return (
    body.kind === 'object' && isText(body.envelope.message) && INVALID_CREDENTIALS.test(body.envelope.message)
  );
}

const NO_MESSAGE_NAMED: Outcome = {
  kind: 'ambiguous',
  reason: 'LipaChat reported success but named no message',
};

function readSuccess(body: Body, seen: Seen): Outcome {
  const { httpStatus } = seen.answer;
  if (body.kind !== 'object') return unreadable(httpStatus);
  const { envelope } = body;
  const data = asRecord(envelope.data);
  if (envelope.status === 'success' && data) {
    const { messageId, waId, status } = data;
    if (typeof status === 'string' && isFailureWord(status)) return refused(body, seen);
    if (isId(waId)) return { kind: 'accepted', waId, envelope };
    if (isId(messageId)) return { kind: 'accepted', envelope };
  }
  if (envelope.status === 'error' || refusesWithSuccess(envelope)) return refused(body, seen);
  return NO_MESSAGE_NAMED;
}

/** `Invalid credentials` shows that LipaChat refuses with "success" and no data. A message makes it a refusal. */
function refusesWithSuccess({ status, data, message }: Envelope): boolean {
  return status === 'success' && data === null && isText(message);
}

function isId(value: unknown): value is string {
  return isText(value) && value.length <= LONGEST_ID && value.isWellFormed();
}

/** A 4xx: nothing was sent. */
function readRefusal(body: Body, seen: Seen): Outcome {
  const { httpStatus } = seen.answer;
  if (body.kind === 'object') return refused(body, seen);
  // LipaChat's judgement may stand in it.
  if (body.kind === 'unreadable' && judgesMessage(httpStatus)) return unreadable(httpStatus);
  const texts = body.kind === 'foreign' ? [body.words] : [];
  return operatorsTrouble({ texts, isOwn: false }, seen) ?? { kind: 'misconfigured', httpStatus };
}

/** A refusal: by the code, else as a repeat, else by the operator's phrases, else by LipaChat's judgement. */
function refused(body: Extract<Body, { kind: 'object' }>, seen: Seen): Outcome {
  const { envelope, isOwn } = body;
  const texts = textsOf(body);
  const words = texts.join(' ');
  const { message, errors, data } = envelope;
  // Other members of foreign JSON hold the codes of others.
  const { codes, code } = errorsIn(isOwn ? envelope : { message, errors, data }, words);
  const errorClass = code === undefined ? undefined : classOf(code);
  if (errorClass === 'window-shut') return { kind: 'sessionClosed' };
  if (errorClass === 'wait') return { kind: 'throttled' };
  if (errorClass === 'pair-too-fast') return { kind: 'throttled', pair: true };
  const duplicate = DUPLICATE.test(words);
  if (isOwn && (duplicate || isJudgedByCode(codes, errorClass, seen)))
    return rejected({ envelope, code, duplicate }, seen);
  return operatorsTrouble({ texts, isOwn }, seen) ?? judgement(body, { code, texts }, seen);
}

/**
 * Does a known code decide? A low `bad-request` number may be LipaChat's own, so it counts only under a status that
 * judges a message.
 */
function isJudgedByCode(
  codes: readonly number[],
  errorClass: ErrorClass | undefined,
  { answer }: Seen,
): boolean {
  if (errorClass !== 'bad-request') return errorClass !== undefined;
  const isSure = codes.some((code) => code >= UNMISTAKABLE && classOf(code) === errorClass);
  return isSure || judgesMessage(answer.httpStatus);
}

/** A permission denied by something in front of LipaChat says nothing about the apiKey. */
function operatorsTrouble(
  { texts, isOwn }: { readonly texts: readonly string[]; readonly isOwn: boolean },
  { answer, now }: Seen,
): Outcome | undefined {
  const { httpStatus } = answer;
  switch (operatorTroubleIn(texts)) {
    case 'key':
      return { kind: 'credentials' };
    case 'permission':
      return isOwn ? { kind: 'credentials' } : { kind: 'misconfigured', httpStatus };
    case 'pace':
      return throttled({ answer, now });
    case 'balance':
    case 'service':
      return { kind: 'misconfigured', httpStatus, said: operatorSees(texts.join(' '), answer) };
    case 'timeout':
      return { kind: 'ambiguous', reason: 'LipaChat answered that something timed out' };
    case 'fault':
      return { kind: 'ambiguous', reason: 'LipaChat answered that a server failed' };
    case undefined:
      return undefined;
  }
}

/** Without a known code and a phrase, the envelope and the status say if LipaChat judged the message. */
function judgement(
  { envelope, isOwn }: Extract<Body, { kind: 'object' }>,
  { code, texts }: { readonly code: number | undefined; readonly texts: readonly string[] },
  seen: Seen,
): Outcome {
  const { httpStatus } = seen.answer;
  // A receipt may have been lost there.
  if (refusesWithSuccess(envelope) && isSuccess(httpStatus) && saysTaken(envelope)) return NO_MESSAGE_NAMED;
  const isJudged = isOwn && judgesMessage(httpStatus);
  if (isJudged && !addressesHolder(texts)) return rejected({ envelope, code, duplicate: false }, seen);
  if (isSuccess(httpStatus) && !isJudged) return unreadable(httpStatus);
  const said = isOwn ? operatorSees(shownWords(envelope), seen.answer) : undefined;
  return { kind: 'misconfigured', httpStatus, said };
}

const operatorSees = (words: string, { apiKey }: WireAnswer) =>
  presentable(words, { apiKey, length: SHOWN.operator });

interface Refusal {
  readonly envelope: Envelope;
  readonly code: number | undefined;
  readonly duplicate: boolean;
}

function rejected({ envelope, code, duplicate }: Refusal, { answer: { httpStatus, apiKey } }: Seen): Outcome {
  const errorClass = code === undefined ? undefined : classOf(code);
  // A low unlisted number is LipaChat's own.
  const shownCode = code !== undefined && (errorClass || code >= UNMISTAKABLE) ? code : undefined;
  const said = presentable(shownWords(envelope), { apiKey, length: SHOWN.caller });
  const message = refusalDetail({ httpStatus, said, code: shownCode, duplicate });
  return { kind: 'rejected', message, errorClass, duplicate, envelope };
}

function throttled({ answer: { retryAfter }, now }: Seen): Outcome {
  const retryAfterMs = retryAfterMsOf(retryAfter, now);
  return retryAfterMs === undefined ? { kind: 'throttled' } : { kind: 'throttled', retryAfterMs };
}

function unreadable(httpStatus: number): Outcome {
  return { kind: 'ambiguous', reason: `LipaChat responded ${httpStatus} without an outcome` };
}
