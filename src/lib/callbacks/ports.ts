import type { TemplateStatus } from '../lipachat/callback.ts';
import type { StatusReport } from '../messages/status-report.ts';
import type { PhoneNumber } from '../whatsapp/phone.ts';

/** An inbound message's id and time, kept so that a repeated webhook means the same as the first. */
export interface InboundRecord {
  readonly id: string;
  readonly writtenAt: Date;
}

/** A status callback that names no message of ours: the send's answer may not be stored yet, or it is foreign. */
export interface UnmatchedStatus {
  /** In the place of WhatsApp's id, which holds the customer's number (`waKeyOf`). */
  readonly waKey: string;
  readonly report: Omit<StatusReport, 'waId' | 'gatewayMessageId'>;
  readonly keptAt: Date;
}

export interface CallbackStore {
  /** Keeps an inbound id for 8 days; gives back the record that was first under it. */
  remember(inbound: InboundRecord, now: Date): Promise<InboundRecord>;
  /** Keeps a callback that nobody understood for 30 days, once per content. */
  keepRaw(text: string, now: Date): Promise<void>;
  /** Drops the raw callbacks in which this number stands, however it is written. Gives back how many. */
  dropRawNaming(number: PhoneNumber): Promise<number>;
  /** Keeps what WhatsApp thinks of a template, so that the change stream tells it. */
  keepTemplateStatus(status: TemplateStatus): Promise<void>;
  /** Keeps a status for 8 days; the sweeper looks for its message at `dueAt`, or no more where that is absent. */
  keepUnmatched(unmatched: UnmatchedStatus, dueAt: Date | undefined): Promise<void>;
  /** Up to `limit` orphans whose time has come. */
  dueUnmatched(now: Date, limit: number): Promise<readonly UnmatchedStatus[]>;
  dropUnmatched(unmatched: UnmatchedStatus): Promise<void>;
}
