import type { ErrorClass } from '../whatsapp/error-codes.ts';

/* What a message keeps of its sends and of its template message. */

/** Counts tries that sent nothing, or nothing that arrived. */
export interface Tried {
  readonly tries?: number | undefined;
  /** By error class, for classes with their own limit. */
  readonly triesOf?: { readonly [name in ErrorClass]?: number } | undefined;
}

/** Ids of sends by their number, from 0. A missing one is an id that version 0.1 derived (`gateway-message-id.ts`). */
export type SentIds = Readonly<Record<string, string>>;

export interface TemplateMessage extends Tried {
  /** Random. A repeat uses it again, so that it sends no second one. */
  readonly messageId: string;
  /** `suppressed`: this customer has another flow's already. `delivered`: one of its sends was, so none follows. */
  readonly state: 'pending' | 'sent' | 'delivered' | 'suppressed' | 'failed' | 'unknown';
  /** How many earlier template messages WhatsApp failed. Each had its own id. */
  readonly resends?: number | undefined;
  /** The ids of those. */
  readonly earlierIds?: SentIds | undefined;
  readonly notBefore?: Date | undefined;
  readonly waId?: string | undefined;
  /** WhatsApp's ids of earlier template messages. Version 0.1 kept them in the message's own list. */
  readonly retiredWaIds?: readonly string[] | undefined;
  /** When it may first have left; its own resend horizon starts here. */
  readonly triedAt?: Date | undefined;
}
