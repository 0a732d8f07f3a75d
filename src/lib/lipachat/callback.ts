import type { StatusReport } from '../messages/status-report.ts';
import type { Customer, NamedByBoth } from '../whatsapp/customer.ts';
import type { Pair } from '../whatsapp/phone.ts';
import type { FlowReplyBody } from './flow-reply.ts';

/** One entry of a callback, parsed as far as possible. */
export type Callback = (
  | Inbound
  | Preference
  | Moved
  | Status
  | { readonly kind: 'template'; readonly status: Omit<TemplateStatus, 'id' | 'at'> }
  /** Recognised, with no effect on windows and messages. */
  | { readonly kind: 'notice'; readonly about: string }
  /** A customer's message of which the customer or the business number can't be read. */
  | { readonly kind: 'unplaced'; readonly raw: string }
  | { readonly kind: 'unrecognised'; readonly raw: string }
) &
  Remarks;

/** What any entry may bring besides its own facts. */
interface Remarks {
  /** People that the entry names by number and by user id at once. */
  readonly people?: readonly NamedByBoth[] | undefined;
  /** Fields that were there and could not be read, with the raw entry. The entry counts without them. */
  readonly unread?: { readonly fields: readonly string[]; readonly raw: string } | undefined;
}

/** A message that a customer wrote to the business: it opens the window. */
export interface Inbound {
  readonly kind: 'inbound';
  /** LipaChat's id. Without one, a repeat looks like a new message. */
  readonly id: string | undefined;
  readonly pair: Pair;
  /** WhatsApp's time of the message, if the callback has one. */
  readonly writtenAt: Date | undefined;
  /** Each text that may be a STOP or START: what the customer typed, or the button or list row that they chose. */
  readonly said: readonly string[];
  /** What the customer entered into a flow, for a flow reply. */
  readonly reply: FlowReplyBody | undefined;
  /** The raw message, for a flow reply that can't be parsed. */
  readonly unreadable?: string | undefined;
}

/** The customer's choice in WhatsApp's own settings (`user_preferences`). It opens no window. */
export interface Preference {
  readonly kind: 'preference';
  readonly pair: Pair;
  readonly optedOut: boolean;
  readonly writtenAt: Date | undefined;
}

/** The customer has another number or user id. */
export interface Moved {
  readonly kind: 'moved';
  /** The customer as known until now. */
  readonly pair: Pair;
  readonly to: Customer;
  /** Only the user id changed. */
  readonly keepsNumber?: boolean | undefined;
  readonly writtenAt: Date | undefined;
}

export interface Status {
  readonly kind: 'status';
  readonly messageId: string | undefined;
  readonly report: Omit<StatusReport, 'at' | 'gatewayMessageId'>;
  readonly at: Date | undefined;
}

/** WhatsApp's status of a template, as LipaChat reported it. */
export interface TemplateStatus {
  readonly id: string;
  readonly templateId: string | undefined;
  readonly templateName: string | undefined;
  readonly status: string;
  readonly at: Date;
}
