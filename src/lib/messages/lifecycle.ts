import type { Message } from './message.ts';
import type { ReportedStatus, Status } from './status.ts';
import {
  accept,
  type Claiming,
  claim,
  isOwned,
  isUpForTakeOver,
  type NewMessage,
  takeOver,
} from './transitions/claiming.ts';
import type { MessageEvent, MessageEvents } from './transitions/events.ts';
import * as reporting from './transitions/reporting.ts';
import * as settling from './transitions/settling.ts';
import * as templateRefused from './transitions/template-refused.ts';
import * as waiting from './transitions/waiting.ts';

/*
 * Every transition of a message, by status and event: where it leads (`to`), under which guard (`when`), and
 * the function that makes the rest of the change (`by`). The first arrow with a true guard applies. An event
 * that is not listed for a status changes nothing. Each transition is one conditional write, so only one of
 * two concurrent ones happens. Only this file sets `status`; docs/architecture.md shows the table as a
 * diagram.
 */

interface Arrow<Facts> {
  readonly to: Status;
  readonly when?: (message: Message, facts: Facts) => boolean;
  readonly by: (message: Message, facts: Facts, to: Status) => Message;
}

type Arrows = { readonly [E in MessageEvent]?: readonly Arrow<MessageEvents[E]>[] };

const { isCurrent, isUnreplied, record, recordReply } = reporting;

/** A transient failure takes the send back; any other one is final. */
const reportedFailed = [
  { to: 'parked', when: reporting.isParkable, by: reporting.parkAgain },
  { to: 'queued', when: reporting.isRetryable, by: reporting.sendAgain },
  { to: 'failed', when: isCurrent, by: record },
] as const satisfies Arrows['reportedFailed'];

/** Proof that any of its sends was delivered, in whichever status the message is by then. */
const reportedDelivered = [{ to: 'delivered', by: record }] as const;
const reportedRead = [{ to: 'read', by: record }] as const;
const replied = [{ to: 'delivered', when: isUnreplied, by: recordReply }] as const;

/**
 * Nothing proves yet that it was sent. A late receipt or callback counts in whichever status the message
 * waits by then.
 */
const unproven = {
  gatewayAccepted: [{ to: 'sent', by: settling.settleSent }],
  reportedSent: [{ to: 'sent', when: isCurrent, by: record }],
  reportedFailed,
  reportedDelivered,
  reportedRead,
  replied,
} as const satisfies Arrows;

/**
 * LipaChat or WhatsApp has proved the status. A further report without news keeps it and extends the timeline.
 * The owner's own verdict that nothing was sent no longer counts.
 */
function proven<S extends ReportedStatus>(to: S) {
  const again = [{ to, when: isCurrent, by: record }] as const;
  return {
    gatewayAccepted: [{ to, when: settling.isUnsettled, by: settling.settleSent }],
    answerMissing: [{ to, when: settling.isUnsettled, by: settling.finalize }],
    reportedSent: again,
    reportedFailed: again,
    reportedDelivered: again,
    reportedRead: again,
    replied: [{ to, when: isUnreplied, by: recordReply }],
  } as const satisfies Arrows;
}

export const MESSAGE_TRANSITIONS = {
  queued: {
    ...unproven,
    takenOver: [{ to: 'sending', by: takeOver }],
    reenqueued: [{ to: 'queued', by: waiting.reenqueue }],
    optedOut: [{ to: 'failed', by: waiting.cancel }],
  },
  parked: {
    ...unproven,
    takenOver: [{ to: 'sending', when: waiting.isInTime, by: waiting.release }],
    waitEnded: [{ to: 'expired', when: waiting.isTimeOver, by: waiting.expire }],
    rechecked: [{ to: 'parked', by: waiting.recheck }],
    optedOut: [{ to: 'failed', by: waiting.cancel }],
    templateRefused: [{ to: 'failed', by: templateRefused.failByTemplate }],
    templateFailed: [
      { to: 'parked', when: templateRefused.isTemplateRetryable, by: templateRefused.retryTemplate },
      { to: 'failed', when: templateRefused.isTemplateOut, by: templateRefused.failByReport },
    ],
  },
  expired: unproven,
  sending: {
    ...unproven,
    windowClosed: [{ to: 'parked', when: isOwned, by: waiting.park }],
    postponed: [{ to: 'queued', when: isOwned, by: waiting.postpone }],
    takenOver: [{ to: 'sending', when: isUpForTakeOver, by: takeOver }],
    refused: [{ to: 'failed', when: isOwned, by: settling.reject }],
    outcomeUnknown: [{ to: 'unknown', when: isOwned, by: settling.settleUnknown }],
    repeatForbidden: [{ to: 'unknown', when: settling.isPastRepeat, by: settling.markUnknown }],
    givenUp: [{ to: 'unknown', when: isOwned, by: settling.giveUp }],
  },
  unknown: {
    ...unproven,
    takenOver: [{ to: 'sending', when: isUpForTakeOver, by: takeOver }],
    repeatForbidden: [{ to: 'unknown', when: settling.isPastRepeat, by: settling.markUnknown }],
  },
  sent: {
    ...proven('sent'),
    reportedFailed,
    reportedDelivered,
    reportedRead,
    replied,
  },
  failed: {
    ...proven('failed'),
    reportedDelivered,
    reportedRead,
    replied,
  },
  delivered: {
    ...proven('delivered'),
    reportedRead,
  },
  read: proven('read'),
} as const satisfies { readonly [S in Status]: Arrows };

/** Only events with an arrow, so that an unused event does not compile. */
type ListedEvent = { [S in Status]: keyof (typeof MESSAGE_TRANSITIONS)[S] }[Status];

/**
 * The first status of a message: claimed by the invocation that sends it, accepted with a 202 for the worker, or parked
 * because the window is shut.
 */
export const FIRST_STATUS = {
  claimed: { to: 'sending', by: claim },
  accepted: { to: 'queued', by: accept },
  parked: { to: 'parked', by: waiting.claimParked },
} as const satisfies Record<string, { to: Status; by: (claiming: Claiming) => NewMessage }>;

export type FirstStatus = keyof typeof FIRST_STATUS;

export function newMessage(event: FirstStatus, claiming: Claiming): Message {
  const { to, by } = FIRST_STATUS[event];
  return { ...by(claiming), status: to };
}

/**
 * The message after an event; the same object if the event changes nothing. An answer is written once: a resend
 * keeps the one that the caller has seen.
 */
export function transition<E extends ListedEvent>(
  message: Message,
  event: E,
  facts: MessageEvents[E],
): Message {
  const arrows: Arrows = MESSAGE_TRANSITIONS[message.status];
  const arrow = arrows[event]?.find(({ when }) => when?.(message, facts) ?? true);
  const changed = arrow?.by(message, facts, arrow.to) ?? message;
  if (!arrow || changed === message) return message;
  const answered = message.answer && { answer: message.answer };
  return { ...changed, ...answered, status: arrow.to };
}

/** The event for each status that WhatsApp reports. */
export const EVENT_OF_REPORT = {
  sent: 'reportedSent',
  failed: 'reportedFailed',
  delivered: 'reportedDelivered',
  read: 'reportedRead',
} as const satisfies Record<ReportedStatus, MessageEvent>;

/** Not a transition: what the caller sees while the outcome can't be stored. The stored message keeps its status. */
export function unsettled(claim: Message, shown: Pick<Message, 'dueAt' | 'reason'>): Message {
  return { ...claim, ...shown, status: 'unknown', lease: undefined };
}
