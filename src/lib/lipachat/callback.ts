import type { StatusReport } from '../messages/status-report.ts';
import type { Pair } from '../whatsapp/phone.ts';
import type { FlowReplyBody } from './flow-reply.ts';

/** One entry of a callback, parsed as far as possible. */
export type Callback =
  | {
      readonly kind: 'inbound';
      /** LipaChat's id. Without one, a repeat looks like a new message. */
      readonly id: string | undefined;
      readonly pair: Pair;
      /** WhatsApp's time of the message, if the callback has one. */
      readonly writtenAt: Date | undefined;
      /** What the customer typed, for a text message. */
      readonly text: string | undefined;
      /** What the customer entered into a flow, for a flow reply. */
      readonly reply: FlowReplyBody | undefined;
      /** The raw message, for a flow reply that can't be parsed. */
      readonly unreadable?: string | undefined;
    }
  | {
      readonly kind: 'status';
      readonly messageId: string | undefined;
      readonly report: Omit<StatusReport, 'at' | 'gatewayMessageId'>;
      readonly at: Date | undefined;
    }
  | { readonly kind: 'template'; readonly status: Omit<TemplateStatus, 'id' | 'at'> }
  /** Recognised, with no effect on windows and messages. */
  | { readonly kind: 'notice'; readonly about: string }
  | { readonly kind: 'unrecognised'; readonly raw: string };

/** WhatsApp's status of a template, as LipaChat reported it. */
export interface TemplateStatus {
  readonly id: string;
  readonly templateId: string | undefined;
  readonly templateName: string | undefined;
  readonly status: string;
  readonly at: Date;
}
