/** The rules of waiting flows: what no single write may do, and what must hold at the end. */

import { gatewayMessageIdOf, isTemplateId } from '../../../src/lib/messages/gateway-message-id.ts';
import type { Message } from '../../../src/lib/messages/message.ts';
import { isProven } from '../../../src/lib/messages/status.ts';
import { isTooLate, isUnderWay } from '../../../src/lib/messages/waiting.ts';
import { hasOptedOut, isOpen, type Session } from '../../../src/lib/whatsapp/session-window.ts';
import type { World } from '../../support/fakes/world.ts';
import type { ParkedScenario } from './parked-scenario.ts';

/**
 * A message that is unknown, or that WhatsApp took back, is retried by itself: it has lost its place in the recipient
 * queue.
 */
const hasLeftBefore = ({ timeline, resends }: Message) =>
  resends !== undefined || timeline.some(({ status }) => status === 'unknown');

/** Checks each write as it is applied. */
export function watchLane(world: World, broken: string[]): void {
  world.messages.watch(({ before, after }) => {
    if (!before) return;
    const { messageId } = before;
    const to = after?.status;
    if (before.status === 'expired' && to !== 'expired') broken.push(`${messageId} came back from expiry`);
    if (to === 'expired' && before.status !== 'expired' && before.status !== 'parked')
      broken.push(`${messageId} expired out of ${before.status}`);
    if (after === undefined && before.accepted) broken.push(`${messageId} was promised, and is gone`);
    if (before.answer && after && !after.answer && after.resends === before.resends)
      broken.push(`${messageId} lost its answer`);
    if (before.status === 'parked' && to === 'queued') broken.push(`${messageId} was queued by a release`);
    if (before.status === 'parked' && to === 'sending') broken.push(...faultsOfRelease(world, before));
  });
}

function faultsOfRelease({ messages, sessions, clock }: World, released: Message): string[] {
  const wait = { now: clock.now(), openedAt: sessions.all()[0]?.window?.openedAt };
  const { messageId, createdAt } = released;
  const others = messages.all().filter((m) => m.messageId !== messageId);
  const older = others.filter((m) => m.createdAt < createdAt && !hasLeftBefore(m));
  const skipped = older.filter((m) => m.status === 'parked' && !isTooLate(m, wait));
  // Past its time it no longer counts for the others, even if a frozen process releases it after all.
  const counts = (m: Message) => m.parkedUntil && !isTooLate(m, wait) && !hasLeftBefore(m);
  // A write that was frozen past the end of the wait was decided before it: no invocation lasts that long.
  const stoodStill = isTooLate(released, wait);
  const beside = stoodStill ? [] : others.filter((m) => isUnderWay(m, clock.now()) && counts(m));
  return [
    ...skipped.map((m) => `${messageId} was let go before ${m.messageId}`),
    ...beside.map((m) => `${messageId} was let go beside ${m.messageId}`),
    ...(sessions.all().length === 0 ? [`${messageId} was let go, and nobody had written`] : []),
    ...(wroteTooLate(released, sessions.all()) ? [`${messageId} was let go by a word past its time`] : []),
  ];
}

/** A process may be frozen between the customer's message and the release. The message itself must be in time. */
function wroteTooLate({ parkedUntil }: Message, [session]: readonly Session[]): boolean {
  const openedAt = session?.window?.openedAt;
  return parkedUntil !== undefined && openedAt !== undefined && openedAt > parkedUntil;
}

/** From here on, nothing is sent that had not been dispatched before. */
export function stoppedBy({ messages, gateway }: World, broken: string[]): void {
  const out = messages.all().filter((m) => m.status === 'sending' || hasLeftBefore(m));
  const known = new Set(out.map(gatewayMessageIdOf));
  const before = gateway.calls.length;
  afterwards.push(() => {
    const late = gateway.calls.slice(before).filter(({ request }) => !known.has(request.messageId));
    for (const { request } of late) broken.push(`${request.messageId} was sent after the STOP was taken`);
  });
}

const afterwards: (() => void)[] = [];

/** Quiet sweeps have passed: every message that still waits, waits for its customer. */
export function lostOf({ messages, sessions, clock }: World): string[] {
  for (const check of afterwards.splice(0)) check();
  const [session] = sessions.all();
  const open = isOpen(session, clock.now(), 60);
  return messages.all().flatMap((m) => {
    const { messageId, status } = m;
    if (isUnderWay(m, clock.now())) return [`${messageId} is still ${status}`];
    if (status !== 'parked') return [];
    if (hasOptedOut(session)) return [`${messageId} waits for a customer who has opted out`];
    return open ? [`${messageId} is still parked, and its window is open`] : [];
  });
}

/** The times of all messages are over: each has reached its end, and the end is true. */
export function endsOf(
  { messages, gateway }: World,
  { refused, templatesRefused }: ParkedScenario,
): string[] {
  return messages.all().flatMap((m) => {
    const { messageId, status, reason, answer, dueAt } = m;
    const faults: string[] = [];
    if (!isProven(status) && status !== 'expired' && status !== 'unknown')
      faults.push(`${messageId} ends as ${status}`);
    if ((status === 'unknown' || status === 'expired') && !reason)
      faults.push(`${messageId} is ${status} without a reason`);
    if (isProven(status) && !answer) faults.push(`${messageId} is ${status} and has no answer`);
    if (dueAt) faults.push(`${messageId} is ${status} and still due`);
    const delivered = gateway.deliveries.filter(({ text }) => text === `flow ${messageId.slice(2)}`);
    if (delivered.length > 1 + (m.resends ?? 0))
      faults.push(`${messageId} was delivered ${delivered.length} times`);
    if (status === 'sent' && !delivered.some((d) => d.messageId === gatewayMessageIdOf(m)))
      faults.push(`${messageId} is sent, and was not delivered`);
    if (status === 'expired' && delivered.length > (m.resends ?? 0))
      faults.push(`${messageId} is expired, and was delivered`);
    // A failure counts once, however often it is reported; and without a failure there is no reason to resend.
    const told = refused.filter(({ flow }) => messageId === `f-${flow}`).length;
    if ((m.resends ?? 0) > told) faults.push(`${messageId} was sent again ${m.resends} times, for ${told}`);
    const invited = gateway.templates.filter((t) => isTemplateId(m, t.messageId)).length;
    const failures = templatesRefused.some(({ flow }) => messageId === `f-${flow}`) ? 1 : 0;
    if (invited > 1 + failures) faults.push(`${messageId} had ${invited} template messages`);
    return faults;
  });
}
