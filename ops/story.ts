/** A message in plain words: what it is, how it got there, what comes next. Pure. */

import type { Message, TimelineEntry } from '../src/lib/messages/message.ts';
import type { Status } from '../src/lib/messages/status.ts';
import { masked, maskedText, type Show } from './masks.ts';
import { ago, bothTimes } from './times.ts';

const NOW_IT_IS: Record<Status, string> = {
  queued: 'it waits for a worker',
  parked: 'it waits for the customer to write',
  expired: 'the customer did not write in time; nothing was sent',
  sending: 'somebody is sending it, or died in it',
  unknown: 'it may have gone out, and nothing proves what became of it',
  sent: 'LipaChat has taken it',
  failed: 'it has failed for good',
  delivered: 'it is on the phone of the customer',
  read: 'the customer has seen it',
};

const SAYS: Record<TimelineEntry['source'], string> = {
  api: 'the API',
  worker: 'the worker',
  gateway: "LipaChat's answer",
  callback: 'a status callback',
  sweeper: 'the sweeper',
};

const until = (at: Date | undefined): string => (at ? ` until ${bothTimes(at)}` : '');
const when = (at: Date | undefined): string => (at ? `, at ${bothTimes(at)} or when it is called again` : '');

/** What happens without anybody's help, or what somebody has to do. */
export const nextStepOf = (message: Message, now: Date): string => {
  const { status, dueAt, lease } = message;
  switch (status) {
    case 'failed':
    case 'expired':
      return 'none by itself; to try again, send it under a new messageId';
    case 'parked':
      return `it goes out when the customer writes,${until(message.parkedUntil)}; then it expires`;
    case 'queued':
      return `a worker sends it${message.notBefore ? `, not before ${bothTimes(message.notBefore)}` : ''}`;
    case 'sending':
      if (lease && lease.until > now)
        return `its owner settles it,${until(lease.until)}; then the sweeper takes over`;
      return 'its owner is gone: the sweeper takes it over within a minute';
    case 'unknown':
      if (dueAt) return `the sweeper repeats it under the same messageId${when(dueAt)}`;
      return 'a status callback settles it; ask LipaChat what became of the messageId before sending another';
    case 'sent':
      return 'a status callback says when it is delivered';
    case 'delivered':
    case 'read':
      return message.reply
        ? 'none: the customer has answered'
        : 'none; the customer may still answer the flow';
  }
};

const overdue = ({ dueAt }: Message, now: Date): string[] =>
  dueAt && now.getTime() - dueAt.getTime() > 5 * 60_000
    ? [`overdue   the sweeper should have looked at it ${ago(dueAt, now)}: run doctor`]
    : [];

/** The reply's values are the customer's own; the names of its fields tell enough. */
const replyLine = ({ reply }: Message): string[] => {
  if (!reply) return [];
  const fields = typeof reply.response === 'object' && reply.response ? Object.keys(reply.response) : [];
  const named = fields.length > 0 ? `fields ${fields.join(', ')}` : 'no fields';
  return [`reply     ${bothTimes(reply.at)}, ${named}, matched by ${reply.matchedBy}`];
};

const entryLine = (entry: TimelineEntry, words: (text: string) => string): string =>
  `  ${bothTimes(entry.at)}  ${entry.status}, says ${SAYS[entry.source]}${entry.detail ? `: ${words(entry.detail)}` : ''}`;

const wording = (show: Show) => ({
  number: show === 'numbers' ? (number: string) => number : masked,
  words: show === 'numbers' ? (text: string) => text : maskedText,
});

export const storyLines = (message: Message, now: Date, show: Show): string[] => {
  const { number, words } = wording(show);
  return [
    `message   ${message.messageId}`,
    `status    ${message.status}: ${NOW_IT_IS[message.status]}`,
    ...(message.reason ? [`reason    ${words(message.reason)}`] : []),
    `next      ${nextStepOf(message, now)}`,
    ...overdue(message, now),
    `from, to  ${number(message.from)}, ${number(message.to)}`,
    `flow      ${message.flowId}, for the client ${message.clientId}`,
    `calls     ${message.attempts} to LipaChat`,
    `created   ${bothTimes(message.createdAt)}`,
    ...(message.templateMessage ? [`template  ${message.templateMessage.state}`] : []),
    ...replyLine(message),
    'timeline',
    ...message.timeline.map((entry) => entryLine(entry, words)),
  ];
};

/** The same for machines. WhatsApp's id holds the customer's number, in base64. */
export const storyData = (message: Message, now: Date, show: Show) => {
  const { number, words } = wording(show);
  return {
    messageId: message.messageId,
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
