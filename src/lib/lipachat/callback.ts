import type { StatusReport } from '../messages/status-report.ts';
import type { Pair } from '../whatsapp/phone.ts';

/** One thing that LipaChat told us, understood as far as it could be. */
export type Callback =
  | {
      readonly kind: 'inbound';
      /** LipaChat's id; without one a repeat can't be told from a new message. */
      readonly id: string | undefined;
      readonly pair: Pair;
      /** WhatsApp's own time of the message, where the callback carries one. */
      readonly writtenAt: Date | undefined;
      /** What the customer typed, where it is text. */
      readonly text: string | undefined;
      /** What was filled into a flow, where the message is such an answer. */
      readonly reply: { readonly response: unknown; readonly contextId: string | undefined } | undefined;
      /** The message as it came, where it is such an answer that could not be read. */
      readonly unreadable?: string | undefined;
    }
  | {
      readonly kind: 'status';
      readonly messageId: string | undefined;
      readonly report: Omit<StatusReport, 'at' | 'gatewayMessageId'>;
      readonly at: Date | undefined;
    }
  | { readonly kind: 'template'; readonly status: Omit<TemplateStatus, 'id' | 'at'> }
  /** Understood, and of no consequence for windows and messages. */
  | { readonly kind: 'notice'; readonly about: string }
  | { readonly kind: 'unrecognised'; readonly raw: string };

/** What WhatsApp thinks of a template, as LipaChat reported it. */
export interface TemplateStatus {
  readonly id: string;
  readonly templateId: string | undefined;
  readonly templateName: string | undefined;
  readonly status: string;
  readonly at: Date;
}
