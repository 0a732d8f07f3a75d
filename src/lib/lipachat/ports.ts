import type { FlowRequest } from '../messages/message.ts';
import type { Outcome } from '../messages/outcome.ts';
import type { Secret } from '../platform/ports.ts';
import type { Pair, PhoneNumber } from '../whatsapp/phone.ts';
import type { TemplateContent } from '../whatsapp/template.ts';

/** One call to LipaChat. Never throws: every fault is an outcome. */
export interface Gateway {
  /** `gatewayMessageId` is sent as the messageId; LipaChat deduplicates on it. */
  sendFlow(request: FlowRequest, call: GatewayCall & { readonly gatewayMessageId: string }): Promise<Outcome>;
  sendTemplate(templateMessage: TemplateRequest, call: GatewayCall): Promise<Outcome>;
}

/** The apiKeys of LipaChat's accounts. Numbers of one account share one cached key. */
export interface ApiKeys {
  /** The key of the account that this business number sends with. */
  of(business: PhoneNumber): Secret;
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
