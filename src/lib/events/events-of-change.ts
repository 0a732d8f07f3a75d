import type { Campaign, CampaignState } from '../campaigns/campaign.ts';
import { ownIdOf as ownCampaignIdOf, ownParentOf } from '../campaigns/ownership/owned.ts';
import type { TemplateStatus } from '../lipachat/callback.ts';
import type { Message, MessageId } from '../messages/message.ts';
import { ownIdOf } from '../messages/namespaced.ts';
import type { Status } from '../messages/status.ts';
import { hasOptedOut, type Session } from '../whatsapp/session-window.ts';

/**
 * An event for the company's bus; `openapi.yaml` describes each type. The same fact always has the same
 * `eventId`.
 */
export interface OutboundEvent {
  readonly type: string;
  readonly detail: { readonly eventId: string; readonly version: 1; readonly at: string } & Record<
    string,
    unknown
  >;
}

/** A change to an item of the table that may cause events, or concerns the lease of a message. */
export type Changed =
  | { readonly kind: 'message'; readonly before: Message | undefined; readonly after: Message }
  /** Given back, erased or expired. */
  | { readonly kind: 'message-removed'; readonly messageId: MessageId }
  | { readonly kind: 'session'; readonly before: Session | undefined; readonly after: Session }
  | { readonly kind: 'campaign'; readonly before: Campaign | undefined; readonly after: Campaign }
  | {
      readonly kind: 'template-status';
      readonly before: TemplateStatus | undefined;
      readonly after: TemplateStatus;
    };

const EVENT_OF: Partial<Record<Status, string>> = {
  sent: 'message.sent',
  delivered: 'message.delivered',
  read: 'message.read',
  failed: 'message.failed',
  parked: 'message.parked',
  expired: 'message.expired',
  unknown: 'message.unknown',
};

/** The events of one change, in order; empty if the change is internal. */
export function eventsFor(change: Changed): OutboundEvent[] {
  switch (change.kind) {
    case 'message':
      return [...statusEvents(change.before, change.after), ...replyEvents(change.before, change.after)];
    case 'message-removed':
      return [];
    case 'session':
      return [...windowEvents(change.before, change.after), ...consentEvents(change.before, change.after)];
    case 'campaign':
      return campaignEvents(change.before, change.after);
    case 'template-status':
      return change.before?.status === change.after.status ? [] : [templateEvent(change.after)];
  }
}

/** Events with the same key keep their order: those of one message, customer, campaign or template. */
export function orderKeyOf(change: Changed): string {
  switch (change.kind) {
    case 'message':
      return change.after.messageId;
    case 'message-removed':
      return change.messageId;
    case 'session':
      return `${change.after.pair.business} ${change.after.pair.customer}`;
    case 'campaign':
      return change.after.campaignId;
    case 'template-status':
      return change.after.id;
  }
}

function statusEvents(before: Message | undefined, after: Message): OutboundEvent[] {
  const type = EVENT_OF[after.status];
  if (!type || before?.status === after.status) return [];
  const at = after.timeline.findLast((entry) => entry.status === after.status)?.at ?? after.createdAt;
  // A message may be parked or unknown more than once; each epoch's status is a separate fact.
  return [event(type, `${after.messageId}:${after.status}:${after.epoch}`, at, idsOf(after))];
}

function replyEvents(before: Message | undefined, after: Message): OutboundEvent[] {
  if (!after.reply || before?.reply) return [];
  return [
    event('flow.replied', `${after.messageId}:replied:${after.reply.id}`, after.reply.at, idsOf(after)),
  ];
}

function windowEvents(before: Session | undefined, after: Session): OutboundEvent[] {
  const opened = after.window?.openedAt;
  if (!opened || before?.window?.openedAt.getTime() === opened.getTime()) return [];
  const ids = { ...pairIds(after), expiresAt: after.window?.expiresAt.toISOString() };
  return [event('session.opened', `${pairKey(after)}:opened:${opened.getTime()}`, opened, ids)];
}

function consentEvents(before: Session | undefined, after: Session): OutboundEvent[] {
  const { consent } = after;
  if (!consent || hasOptedOut(before) === consent.optedOut) return [];
  const type = consent.optedOut ? 'contact.opted-out' : 'contact.opted-in';
  return [event(type, `${pairKey(after)}:${type}:${consent.at.getTime()}`, consent.at, pairIds(after))];
}

const CAMPAIGN_EVENT_OF: Partial<Record<CampaignState, string>> = {
  planned: 'campaign.planned',
  scheduled: 'campaign.scheduled',
  running: 'campaign.started',
  paused: 'campaign.paused',
  completed: 'campaign.completed',
  cancelled: 'campaign.cancelled',
  expired: 'campaign.expired',
  failed: 'campaign.failed',
};

/** One event for each change of state. The API has the exact counts of the moment. */
function campaignEvents(before: Campaign | undefined, after: Campaign): OutboundEvent[] {
  const type =
    before?.state === 'paused' && after.state === 'running'
      ? 'campaign.resumed'
      : CAMPAIGN_EVENT_OF[after.state];
  if (!type || before?.version === after.version) return [];
  const { name, state, reason, clientId, version, changedAt, message, totals } = after;
  const known = {
    campaignId: ownCampaignIdOf(after),
    name,
    state,
    reason,
    clientId,
    parent: ownParentOf(after),
  };
  const ids = { ...known, from: message.from, totals };
  return [event(type, `${after.campaignId}:${version}:${state}`, changedAt, ids)];
}

function templateEvent({ id, templateId, templateName, status, at }: TemplateStatus): OutboundEvent {
  return event('template.status', `${id}:${status}:${at.getTime()}`, at, {
    templateId,
    templateName,
    status,
  });
}

function event(type: string, eventId: string, at: Date, ids: Record<string, unknown>): OutboundEvent {
  return { type, detail: { eventId, version: 1, at: at.toISOString(), ...ids } };
}

function idsOf(message: Message) {
  const { status, from, to, flowId, waId, clientId, reason } = message;
  return { messageId: ownIdOf(message), status, from, to, flowId, waId, clientId, reason };
}

const pairIds = ({ pair }: Session) => ({ from: pair.business, to: pair.customer });
const pairKey = ({ pair }: Session) => `${pair.business}:${pair.customer}`;
