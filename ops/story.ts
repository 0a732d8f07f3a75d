/** A message in plain words: its status, its history and what comes next. Pure. */

import type { Message, TimelineEntry } from '../src/lib/messages/message.ts';
import type { Status } from '../src/lib/messages/status.ts';
import { masked, maskedText, type Show } from './masks.ts';
import { ago, bothTimes } from './times.ts';

const NOW_IT_IS: Record<Status, string> = {
  queued: 'waiting for a worker',
  parked: 'waiting for the customer to write',
  expired: 'the customer did not write in time; nothing was sent',
  sending: 'a process is sending it, or died while sending',
  unknown: 'it may have gone out; nothing proves the outcome yet',
  sent: 'LipaChat has accepted it',
  failed: 'it has failed for good',
  delivered: "it has reached the customer's phone",
  read: 'the customer has read it',
};

const SAYS: Record<TimelineEntry['source'], string> = {
  api: 'the API',
  worker: 'the worker',
  gateway: "LipaChat's response",
  callback: 'a status callback',
  sweeper: 'the sweeper',
};

const until = (at: Date | undefined): string => (at ? ` until ${bothTimes(at)}` : '');
const when = (at: Date | undefined): string =>
  at ? `, at ${bothTimes(at)} or on the caller's next request` : '';

/** What happens next by itself, or what a person has to do. */
export const nextStepOf = (message: Message, now: Date): string => {
  const { status, dueAt, lease } = message;
  switch (status) {
    case 'failed':
    case 'expired':
      return 'none; to try again, send it under a new messageId';
    case 'parked':
      return `it goes out when the customer writes,${until(message.parkedUntil)}; then it expires`;
    case 'queued':
      return `a worker sends it${message.notBefore ? `, not before ${bothTimes(message.notBefore)}` : ''}`;
    case 'sending':
      if (lease && lease.until > now)
        return `its owner settles it,${until(lease.until)}; then the sweeper takes over`;
      return 'its lease is over: the sweeper takes it over within a minute';
    case 'unknown':
      if (dueAt) return `the sweeper repeats it under the same messageId${when(dueAt)}`;
      return 'a status callback settles it; ask LipaChat about the messageId before you send another';
    case 'sent':
      return 'a status callback reports the delivery';
    case 'delivered':
    case 'read':
      return message.reply
        ? 'none: the customer has replied'
        : 'none; the customer may still reply to the flow';
  }
};

const overdue = ({ dueAt }: Message, now: Date): string[] =>
  dueAt && now.getTime() - dueAt.getTime() > 5 * 60_000
    ? [`overdue   the sweeper was due to handle it ${ago(dueAt, now)}: run doctor`]
    : [];

/** Shows a reply's field names only: its values are the customer's personal data. */
const replyLine = ({ reply }: Message): string[] => {
  if (!reply) return [];
  const fields = typeof reply.response === 'object' && reply.response ? Object.keys(reply.response) : [];
  const named = fields.length > 0 ? `fields ${fields.join(', ')}` : 'no fields';
  return [`reply     ${bothTimes(reply.at)}, ${named}, matched by ${reply.matchedBy}`];
};

const entryLine = (entry: TimelineEntry, words: (text: string) => string): string =>
  `  ${bothTimes(entry.at)}  ${entry.status}, by ${SAYS[entry.source]}${entry.detail ? `: ${words(entry.detail)}` : ''}`;

const wording = (show: Show) => ({
  number: show === 'numbers' ? (number: string) => number : masked,
  words: show === 'numbers' ? (text: string) => text : maskedText,
});

export const storyLines = (message: Message, now: Date, show: Show): string[] => {
  const { number, words } = wording(show);
  return [
    `message   ${message.messageId}`,
    ...(message.clientMessageId ? [`own id    ${message.clientMessageId}, of its client's namespace`] : []),
    `status    ${message.status}: ${NOW_IT_IS[message.status]}`,
    ...(message.reason ? [`reason    ${words(message.reason)}`] : []),
    `next      ${nextStepOf(message, now)}`,
    ...overdue(message, now),
    `from, to  ${number(message.from)}, ${number(message.to)}`,
    `flow      ${message.flowId}, for client ${message.clientId}`,
    `calls     ${message.attempts} to LipaChat`,
    `created   ${bothTimes(message.createdAt)}`,
    ...(message.templateMessage ? [`template  ${message.templateMessage.state}`] : []),
    ...replyLine(message),
    'timeline',
    ...message.timeline.map((entry) => entryLine(entry, words)),
  ];
};

/** The same as JSON. WhatsApp's id is left out unless numbers are shown: it contains the number in base64. */
export const storyData = (message: Message, now: Date, show: Show) => {
  const { number, words } = wording(show);
  return {
    messageId: message.messageId,
    clientMessageId: message.clientMessageId ?? null,
    clientId: message.clientId,
    status: message.status,
    reason: message.reason ? words(message.reason) : null,
    nextStep: nextStepOf(message, now),
    from: number(message.from),
    to: number(message.to),
    flowId: message.flowId,
    waId: show === 'numbers' ? (message.waId ?? null) : null,
    attempts: message.attempts,
    createdAt: message.createdAt.toISOString(),
    dueAt: message.dueAt?.toISOString() ?? null,
    repliedAt: message.reply?.at.toISOString() ?? null,
    timeline: message.timeline.map(({ at, status, source, detail }) => ({
      at: at.toISOString(),
      status,
      source,
      ...(detail ? { detail: words(detail) } : {}),
    })),
  };
};
