import type { FlowRequest, TemplateContent } from '../messages/message.ts';
import type { Outcome } from '../messages/outcome.ts';
import type { Pair } from '../whatsapp/phone.ts';

/** One call to LipaChat. It never throws: each fault is an outcome. */
export interface Gateway {
  /** `wireId` is the messageId that LipaChat gets, and deduplicates on. */
  sendFlow(request: FlowRequest, call: GatewayCall & { readonly gatewayMessageId: string }): Promise<Outcome>;
  sendTemplate(templateMessage: TemplateRequest, call: GatewayCall): Promise<Outcome>;
}

export interface GatewayCall {
  readonly apiKey: string;
  readonly timeoutMs: number;
}

export interface TemplateRequest {
  readonly messageId: string;
  readonly pair: Pair;
  readonly template: TemplateContent;
}
