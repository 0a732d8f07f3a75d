import type { FlowRequest } from '../messages/message.ts';
import type { Outcome } from '../messages/outcome.ts';
import { CORRELATION_KEY } from '../messages/reply.ts';
import { shortened } from '../platform/text.ts';
import { classOf } from '../whatsapp/error-codes.ts';
import type { TemplateRequest } from './ports.ts';

/*
 * LipaChat's wire format, both ways; ADR 006 lists what each response means. A wrong apiKey may also get
 * `status: "success"`, so acceptance is a rule over the whole response. What fits no rule is ambiguous, not
 * failed.
 */

/** One HTTP response, as far as it was read. */
export interface WireAnswer {
  readonly httpStatus: number;
  readonly retryAfter?: string | undefined;
  /** undefined: cut off, over the limit, or in a content encoding that was not requested. */
  readonly body: string | undefined;
}

/** The body of `POST /whatsapp/interactive/flows`. Omits an empty `data`, which WhatsApp refuses. */
export function flowBody(request: FlowRequest, gatewayMessageId: string): string {
  const { messageId, to, from, text, flowId, flowCta, screen, data } = request;
  const whole = request.correlate ? { ...data, [CORRELATION_KEY]: messageId } : data;
  const filled = Object.keys(whole).length > 0 ? { data: whole } : {};
  return JSON.stringify({ messageId: gatewayMessageId, to, from, text, flowId, flowCta, screen, ...filled });
}

/** The body of `POST /whatsapp/template`. */
export function templateBody({ messageId, pair, template }: TemplateRequest): string {
  const { name, languageCode, header, placeholders = [] } = template;
  const components = { ...(header ? { header } : {}), body: { placeholders } };
  return JSON.stringify({
    messageId,
    to: pair.customer,
    from: pair.business,
    template: { name, languageCode, components },
  });
}

interface Envelope {
  readonly data?: unknown;
  readonly status?: unknown;
  readonly message?: unknown;
  readonly errors?: unknown;
}

const SESSION_CLOSED = /24-hour (sandbox )?session window/i;
const INVALID_CREDENTIALS = /invalid credentials/i;
const DUPLICATE = /duplicate|already (been |being )?(sent|exist|process|used|receiv|submit)/i;
const FAILURE_WORD = /^(fail|error|reject|undeliver|invalid|expire|cancel|block|den)/i;

/** What a response means. `now` resolves a Retry-After date. */
export function readAnswer(answer: WireAnswer, now: Date): Outcome {
  const { httpStatus } = answer;
  const envelope = envelopeIn(answer.body);
  const message = typeof envelope?.message === 'string' ? envelope.message : '';
  if (httpStatus === 401 || INVALID_CREDENTIALS.test(message)) return { kind: 'credentials' };
  if (httpStatus === 429) return throttled(answer.retryAfter, now);
  if (isMovedElsewhere(httpStatus)) return { kind: 'notSent', reason: 'LipaChat answered with a redirect' };
  if (httpStatus >= 200 && httpStatus < 300)
    return envelope ? readEnvelope(envelope, message) : unreadable(httpStatus);
  if (httpStatus < 400 || httpStatus >= 500 || httpStatus === 408) return unreadable(httpStatus);
  return envelope && SESSION_CLOSED.test(message)
    ? { kind: 'sessionClosed' }
    : refused(envelope ?? null, message);
}

/** These redirects say that the server did not process the request. A 302 or 303 may follow one that it processed. */
function isMovedElsewhere(httpStatus: number): boolean {
  return httpStatus === 301 || httpStatus === 307 || httpStatus === 308;
}

function readEnvelope(envelope: Envelope, message: string): Outcome {
  if (SESSION_CLOSED.test(message)) return { kind: 'sessionClosed' };
  if (envelope.status === 'error') return refused(envelope, message);
  const data = asRecord(envelope.data);
  if (envelope.status === 'success' && data) {
    const { messageId, waId, status } = data;
    if (typeof status === 'string' && FAILURE_WORD.test(status))
      return refused(envelope, message || failureOf(data));
    if (isText(waId)) return { kind: 'accepted', waId, envelope };
    if (isText(messageId)) return { kind: 'accepted', envelope };
  }
  // `Invalid credentials` shows that LipaChat refuses with "success" and no data. A message makes it a
  // refusal.
  if (envelope.status === 'success' && envelope.data === null && message) return refused(envelope, message);
  return { kind: 'ambiguous', reason: 'LipaChat answered with a success that names no message' };
}

/** A refusal, by its error code if it has a known one. */
function refused(envelope: Envelope | null, message: string): Outcome {
  const words = [message, textOf(envelope?.errors)].filter(Boolean).join(' ');
  const codes = envelope ? codesIn(envelope, message) : [];
  const errorClass = codes.map(classOf).find((name) => name !== undefined);
  if (errorClass === 'window-shut') return { kind: 'sessionClosed' };
  if (errorClass === 'wait') return { kind: 'throttled' };
  if (errorClass === 'pair-too-fast') return { kind: 'throttled', pair: true };
  return {
    kind: 'rejected',
    message: shortened(words, 500) || 'LipaChat refused the request and gave no reason.',
    errorClass,
    duplicate: DUPLICATE.test(words),
    envelope,
  };
}

function throttled(retryAfter: string | undefined, now: Date): Outcome {
  const seconds = Number(retryAfter);
  const ms = retryAfter?.trim()
    ? Number.isFinite(seconds)
      ? seconds * 1000
      : Date.parse(retryAfter) - now.getTime()
    : Number.NaN;
  return Number.isFinite(ms) ? { kind: 'throttled', retryAfterMs: Math.max(0, ms) } : { kind: 'throttled' };
}

function unreadable(httpStatus: number): Outcome {
  return { kind: 'ambiguous', reason: `LipaChat answered ${httpStatus} with nothing that tells the outcome` };
}

/** A code may be a field, or part of the text: `(#131047) Re-engagement message`. */
function codesIn({ data, errors }: Envelope, message: string): number[] {
  return [...codesInWords(message), ...codesUnder(errors), ...codesUnder(data)];
}

function codesInWords(words: string): number[] {
  return [...words.matchAll(/\(#(\d{1,6})\)|\b(13\d{4})\b/g)].map(([, tagged, bare]) =>
    Number(tagged ?? bare),
  );
}

/** `errors` is null in all of LipaChat's samples. Accepts a code, a text, an object or a list, at any depth. */
function codesUnder(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  if (typeof value === 'string') return codesInWords(value);
  if (Array.isArray(value)) return value.flatMap(codesUnder);
  return Object.entries(asRecord(value) ?? {}).flatMap(([name, inner]) => {
    const isCode = name === 'code' || name === 'errorCode';
    return isCode ? [Number(inner)] : typeof inner === 'object' ? codesUnder(inner) : [];
  });
}

function envelopeIn(body: string | undefined): Envelope | undefined {
  try {
    return body === undefined ? undefined : asRecord(JSON.parse(body));
  } catch {
    return undefined;
  }
}

function asRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function failureOf(data: Record<string, unknown>): string {
  return isText(data['statusDesc']) ? data['statusDesc'] : String(data['status']);
}

/** `errors` is null in all of LipaChat's samples. Accepts a string, a list or an object too. */
function textOf(errors: unknown): string {
  if (errors === null || errors === undefined) return '';
  return typeof errors === 'string' ? errors : JSON.stringify(errors);
}
