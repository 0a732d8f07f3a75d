import type { ReportedStatus } from '../messages/status.ts';
import { shortened } from '../platform/text.ts';
import type { Callback } from './callback.ts';
import { type Entry, entriesIn } from './callback-entries.ts';
import { inbound, messageStatus, templateStatus, whatsappStatus } from './callback-shapes.ts';
import { flowReplyIn } from './flow-reply.ts';
import { codesIn, decidingCode, textsIn } from './whatsapp-errors.ts';

/* Parses the entries of LipaChat's callbacks, in every known or likely shape. Anything else stays raw. */

/**
 * Message types that open the window, by Meta's documentation. Reactions are excluded, because nothing proves
 * that they open it.
 */
const OPENING_TYPES = new Set(
  'text image video audio voice document sticker location contact contacts interactive button order flow nfm_reply flow_reply flow_response'.split(
    ' ',
  ),
);
/** Recognised, but not written by a user. */
const NOTICE_TYPES = new Set(['system', 'unsupported', 'reaction', 'ephemeral', 'request_welcome']);

/** Parses a callback's body; `text` is its source. Every entry yields a callback: nothing is dropped. */
export function readCallbacks(body: unknown, text = ''): Callback[] {
  try {
    return entriesIn(body).map(readEntry);
  } catch (fault) {
    // JSON nested deeper than the call stack: no real callback is.
    if (!(fault instanceof RangeError)) throw fault;
    return [{ kind: 'unrecognised', raw: text }];
  }
}

function readEntry({ kind, body }: Entry): Callback {
  switch (kind) {
    case 'flat':
      return readFlat(body);
    case 'whatsappMessage':
      return readInbound(body);
    case 'whatsappStatus':
      return readWhatsappStatus(body);
    case 'unrecognised':
      return unrecognised(body);
  }
}

function readFlat(body: unknown): Callback {
  const status = messageStatus.safeParse(body);
  if (status.success) {
    const { waId, messageId, timestamp, status: reported, statusDesc, errorCode } = status.data.messageStatus;
    const detail = [errorCode, statusDesc].filter(Boolean).join(' ');
    const errors = [{ code: errorCode }, statusDesc];
    return statusCallback({ messageId, waId, status: reported, timestamp, detail, errors });
  }
  const template = templateStatus.safeParse(body);
  if (template.success) {
    const { status: word, templateId, templateName } = template.data.templateStatus;
    const named = {
      templateId: templateId == null ? undefined : String(templateId),
      templateName: templateName ?? undefined,
    };
    return { kind: 'template', status: { status: word.toUpperCase(), ...named } };
  }
  return readInbound(body);
}

function readInbound(body: unknown): Callback {
  const message = inbound.safeParse(body);
  const type = message.data?.type.toLowerCase() ?? '';
  if (NOTICE_TYPES.has(type)) return { kind: 'notice', about: type };
  if (!message.success || !OPENING_TYPES.has(type)) return unrecognised(body);
  const { messageId, id: ownId, from, to, timestamp, text } = message.data;
  const reply = flowReplyIn(body);
  const unreadable = reply === 'unreadable' ? { unreadable: JSON.stringify(body) } : {};
  return {
    kind: 'inbound',
    id: messageId ?? ownId ?? undefined,
    pair: { business: to, customer: from },
    writtenAt: instantOf(timestamp),
    said: typedTexts(text),
    reply: reply === 'unreadable' ? undefined : reply,
    ...unreadable,
  };
}

/** LipaChat sends the text itself, WhatsApp an object around it. */
function typedTexts(text: unknown): string[] {
  const words = typeof text === 'string' ? text : asRecord(text)['body'];
  return typeof words === 'string' ? [words] : [];
}

function readWhatsappStatus(status: unknown): Callback {
  const parsed = whatsappStatus.safeParse(status);
  if (!parsed.success) return unrecognised(status);
  const { id: waId, status: reported, timestamp, errors } = parsed.data;
  const detail = (errors ?? []).map((e) => [e.code, e.title].filter(Boolean).join(' ')).join('; ');
  return statusCallback({
    messageId: undefined,
    waId,
    status: reported,
    timestamp,
    detail,
    errors: errors ?? [],
  });
}

interface StatusFields {
  readonly messageId: string | null | undefined;
  readonly waId: string | null | undefined;
  readonly status: ReportedStatus;
  readonly timestamp: number | string | null | undefined;
  /** For people. */
  readonly detail: string;
  /** Every place that may hold a code, or a wording that stands for one. */
  readonly errors: readonly unknown[];
}

function statusCallback({ messageId, waId, status, timestamp, detail, errors }: StatusFields): Callback {
  // Only a failure's code and description are worth keeping: they give the reason.
  const code = decidingCode(codesIn(...errors), textsIn(errors).join(' '));
  const why = status === 'failed' ? { code, detail: shortened(detail, 300) || undefined } : {};
  const report = { status, waId: waId ?? undefined, ...why };
  return { kind: 'status', messageId: messageId ?? undefined, report, at: instantOf(timestamp) };
}

/** A timestamp in seconds or milliseconds. Anything else, such as a local time without a zone, is undefined. */
function instantOf(timestamp: number | string | null | undefined): Date | undefined {
  const n = typeof timestamp === 'string' && /^\d{9,14}$/.test(timestamp) ? Number(timestamp) : timestamp;
  if (typeof n !== 'number' || !Number.isFinite(n) || n < 1e9 || n > 1e14) return undefined;
  return new Date(n < 1e11 ? n * 1000 : n);
}

function unrecognised(raw: unknown): Callback {
  return { kind: 'unrecognised', raw: JSON.stringify(raw) };
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
