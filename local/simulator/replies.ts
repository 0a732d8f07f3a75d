import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Delivery } from './conversation.ts';
import { arriving, contactOf, senderOf, stamp, writtenAt } from './inbound.ts';
import { whatsappEnvelope, whatsappStamp } from './whatsapp.ts';

/** The field in which a flow returns our correlation value, if its author declared it. */
const correlationKey = 'lipaflow_ref';

/** The forms in which a filled-in flow may arrive. None of them is documented. */
const shape = z.enum([
  'nfm_reply',
  'nfm_reply-object',
  'nfm_reply-encoded-twice',
  'interactive-as-text',
  'camelCase',
  'top-level-FLOW',
  'top-level-NFM_REPLY',
  'top-level-FLOW_REPLY',
  'top-level-FLOW_RESPONSE',
  'whatsapp',
]);

/**
 * A customer fills in a flow: the one of `messageId`, or else the latest one sent to this pair. `withContext` refers to it
 * by its waId (by default, only WhatsApp's envelope does). `withToken` returns the correlation value that was sent.
 * `formName` is WhatsApp's name of the native form.
 */
export const flowReply = z.strictObject({
  ...arriving,
  messageId: z.string().min(1).optional(),
  response: z.record(z.string(), z.unknown()),
  shape: shape.default('nfm_reply'),
  withContext: z.boolean().optional(),
  withToken: z.boolean().default(false),
  formName: z.string().default('flow'),
});

type FlowReply = z.infer<typeof flowReply>;
type Filled = { reply: FlowReply; flow: Delivery; now: Date };

/** The webhook body, and the inbound message's own id. */
export function replyBody(filled: Filled): { messageId: string; body: unknown } {
  const messageId = randomUUID();
  const isWhatsapp = filled.reply.shape === 'whatsapp';
  return { messageId, body: isWhatsapp ? whatsappReply(filled, messageId) : flatReply(filled, messageId) };
}

function flatReply({ reply, flow, now }: Filled, messageId: string): object {
  return {
    messageId,
    ...senderOf(reply, flow.to, false),
    to: flow.from,
    profileName: reply.profileName,
    ...content(reply, flow),
    ...stamp(reply, now),
    ...(reply.withContext ? { context: { id: flow.waId } } : {}),
    ...reply.raw,
  };
}

function whatsappReply({ reply, flow, now }: Filled, id: string): object {
  const message = {
    ...((reply.withContext ?? true) ? { context: { from: flow.from, id: flow.waId } } : {}),
    ...senderOf(reply, flow.to, true),
    id,
    timestamp: whatsappStamp(writtenAt(reply, now)),
    ...content(reply, flow),
    ...reply.raw,
  };
  return whatsappEnvelope(flow.from, { contacts: [contactOf(reply, flow.to)], messages: [message] });
}

function content(reply: FlowReply, flow: Delivery): object {
  const response = { ...(reply.withToken ? tokenOf(flow) : {}), ...reply.response };
  const json = JSON.stringify(response);
  const sent = { name: reply.formName, body: 'Sent' };
  switch (reply.shape) {
    case 'nfm_reply':
      return interactive('INTERACTIVE', { nfm_reply: { ...sent, response_json: json } });
    case 'nfm_reply-object':
      return interactive('INTERACTIVE', { nfm_reply: { ...sent, response_json: response } });
    case 'nfm_reply-encoded-twice':
      return interactive('INTERACTIVE', { nfm_reply: { ...sent, response_json: JSON.stringify(json) } });
    case 'interactive-as-text': {
      const inner = { type: 'nfm_reply', nfm_reply: { ...sent, response_json: json } };
      return { type: 'INTERACTIVE', interactive: JSON.stringify(inner) };
    }
    case 'camelCase':
      return interactive('INTERACTIVE', { nfmReply: { ...sent, responseJson: json } });
    case 'whatsapp':
      return interactive('interactive', { nfm_reply: { ...sent, response_json: json } });
    default:
      return { type: reply.shape.slice('top-level-'.length), ...sent, response_json: json };
  }
}

function interactive(type: string, payload: object): object {
  return { type, interactive: { type: 'nfm_reply', ...payload } };
}

const withToken = z.looseObject({ data: z.looseObject({ [correlationKey]: z.unknown() }) });

function tokenOf({ body }: Delivery): object {
  const token = withToken.safeParse(body).data?.data[correlationKey];
  return token === undefined ? {} : { [correlationKey]: token };
}
