import type { FlowRequest } from '../messages/message.ts';
import { CORRELATION_KEY } from '../messages/reply.ts';
import type { TemplateRequest } from './ports.ts';

/* The bodies of requests to LipaChat. `wire.ts` reads the responses. */

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
