/** The rules of contract §1 over a run: what no single write may do, and what must hold at the end. */

import { type FlowRequest, fingerprint, type Message } from '../../../src/lib/messages/message.ts';
import { isProven, type Status } from '../../../src/lib/messages/status.ts';
import { AppError } from '../../../src/lib/platform/errors.ts';
import type { Link } from '../../support/fakes/link.ts';
import { idOf } from '../../support/fakes/samples.ts';
import type { Sent, World } from '../../support/fakes/world.ts';
import type { Racer } from './claim-scenario.ts';

/** What a caller got. A crashed caller got nothing. */
export interface Told {
  readonly racer: Racer;
  readonly request: FlowRequest;
  readonly link: Link;
  readonly end: Sent | AppError | undefined;
}

export interface Run {
  readonly world: World;
  readonly told: readonly Told[];
  readonly broken: readonly string[];
}

/** None of these messages can wait: one that is queued, parked or expired is an error. */
const HEIGHT: Record<Status, number> = {
  queued: -1,
  parked: -1,
  expired: -1,
  sending: 0,
  unknown: 0,
  sent: 1,
  failed: 2,
  delivered: 3,
  read: 4,
};

const isLive = ({ lease }: Message, now: Date): boolean => lease !== undefined && lease.until > now;

/** Checks each write as it is applied. */
export function watchWrites(world: World, owners: Map<Link, string>, broken: string[]): void {
  world.messages.watch(({ before, after, by }) => {
    const name = owners.get(by) ?? 'caretaker';
    const now = world.clock.now();
    for (const rule of before && after ? faultsOf({ before, after, now, name }) : []) {
      broken.push(`${name} ${rule}`);
    }
    if (before && !after) {
      if (before.answer) broken.push(`${name} removed a message that had its answer`);
      if (isProven(before.status)) broken.push(`${name} removed a message that was proven`);
      const delivered = world.gateway.deliveries.some((d) => d.messageId === before.messageId);
      if (delivered) broken.push(`${name} removed a message that was delivered`);
    }
  });
}

interface Write {
  readonly before: Message;
  readonly after: Message;
  readonly now: Date;
  /** The process that writes. */
  readonly name: string;
}

function faultsOf({ before, after, now, name }: Write): string[] {
  const faults: string[] = [];
  if (before.fingerprint !== after.fingerprint) faults.push('changed the payload');
  if (after.epoch < before.epoch) faults.push('turned the epoch back');
  const newOwner = after.lease !== undefined && after.lease.owner !== before.lease?.owner;
  if (newOwner && after.epoch !== before.epoch + 1) faults.push('took over without the next epoch');
  if (newOwner && isLive(before, now)) faults.push('took over a live lease');
  const isHis = before.lease?.owner.startsWith(`${name}~`) ?? false;
  const ended = isLive(before, now) && after.lease?.owner !== before.lease?.owner;
  if (ended && !isHis && after.answer?.kind !== 'sent') faults.push('ended another’s live lease');
  if (before.answer && JSON.stringify(before.answer) !== JSON.stringify(after.answer)) {
    faults.push('changed an answer');
  }
  if (HEIGHT[after.status] < HEIGHT[before.status]) {
    faults.push(`brought the status down from ${before.status} to ${after.status}`);
  }
  return faults;
}

/** The faults of a finished run. Empty if all is well. */
export function verdictsOn(run: Run, mode: 'resend' | 'hold'): readonly string[] {
  const { world, told, broken } = run;
  return [
    ...broken,
    ...world.messages.all().flatMap(restless),
    ...['m-1', 'm-2'].flatMap((id) => deliveriesOf(world, id)),
    ...(mode === 'hold' ? ['m-1', 'm-2'].flatMap((id) => callsAfterTheFirst(world, id)) : []),
    ...told.flatMap((one) => dishonest(one, run)),
  ];
}

/** Every message ends: settled, or `unknown` with its reason, and with nothing left to do. */
function restless({ messageId, status, answer, reason, dueAt, lease }: Message): string[] {
  const faults: string[] = [];
  if (status === 'sending') faults.push(`${messageId} is still sending`);
  if (status === 'unknown' && !reason) faults.push(`${messageId} is unknown without a reason`);
  if (status === 'unknown' && answer) faults.push(`${messageId} is unknown in spite of its answer`);
  if (isProven(status) && !answer) faults.push(`${messageId} is ${status} and has no answer`);
  if (dueAt) faults.push(`${messageId} is still due, at ${dueAt.toISOString()}`);
  if (lease && (answer || lease.phase === 'dispatched')) faults.push(`${messageId} still has a lease`);
  return faults;
}

function deliveriesOf(world: World, id: string): string[] {
  const delivered = world.gateway.deliveries.filter((d) => d.messageId === id);
  const stored = world.messages.all().find((m) => m.messageId === id);
  const [first] = delivered;
  return [
    ...(delivered.length > 1 ? [`${id} was delivered ${delivered.length} times`] : []),
    ...(first && !stored ? [`${id} was delivered and is nowhere`] : []),
    ...(first && stored?.answer?.kind === 'rejected' && !saysFailed(stored)
      ? [`${id} was delivered, and its answer is that it was refused`]
      : []),
    ...(first && stored && fingerprint({ ...first, messageId: idOf(id) }) !== stored.fingerprint
      ? [`${id} has another payload`]
      : []),
  ];
}

/** True if WhatsApp itself reported the failure. */
const saysFailed = ({ timeline }: Message): boolean =>
  timeline.some(({ source, status }) => source === 'callback' && status === 'failed');

/** `hold`: no request follows one that may have left. */
function callsAfterTheFirst(world: World, id: string): string[] {
  const calls = world.gateway.calls.filter(({ request }) => request.messageId === id);
  const first = calls.findIndex(({ left }) => left);
  return first >= 0 && first < calls.length - 1 ? [`${id} was repeated after it may have left`] : [];
}

const NOTHING_WAS_SENT = [
  'gateway-credentials',
  'gateway-misconfigured',
  'gateway-throttled',
  'gateway-unavailable',
  'session-closed',
];

/** What a caller was told must be true, now and later. */
function dishonest({ racer, request, link, end }: Told, { world, told }: Run): string[] {
  if (end === undefined) return [];
  const id = racer.messageId;
  const rivals = told.some((other) => other.racer.messageId === id && other.racer.text !== racer.text);
  const stored = world.messages.all().find((m) => m.messageId === id);
  const delivered = world.gateway.deliveries.some((d) => d.messageId === id);
  const mine = stored?.fingerprint === fingerprint(request);
  if (end instanceof AppError) {
    const { code } = end;
    const left = world.gateway.calls.some((call) => call.by === link && call.left);
    if (NOTHING_WAS_SENT.includes(code) && left) return [`${id}: told ${code} after a request had left`];
    if (code === 'gateway-rejected' && (!mine || stored.answer?.kind !== 'rejected')) {
      return [`${id}: told ${code}, which is not its answer`];
    }
    if (code === 'message-id-reused' && !rivals) return [`${id}: told ${code} of its own payload`];
    return code === 'internal' ? [`${id}: told ${code}`] : [];
  }
  if (!('kind' in end)) return [`${id}: ended with ${String(end)}`];
  if (!mine) return [`${id}: told ${end.kind} of another payload`];
  if (end.kind === 'pending') {
    const { status } = end.receipt;
    return status === 'unknown' ? [] : [`${id}: told 202 with the status ${status}`];
  }
  const { answer } = stored;
  if (answer?.kind !== 'sent' || answer.body !== end.body)
    return [`${id}: told a receipt that is not its answer`];
  return delivered ? [] : [`${id}: told sent, and nothing was delivered`];
}
