import type { LipaChatCalls } from '../lipachat/call-with-retries.ts';
import type { ApiKeys } from '../lipachat/ports.ts';
import type { Release, Verdict } from '../lipachat/verdict.ts';
import { otherIdsOf } from '../messages/gateway-message-id.ts';
import { mayRepeat } from '../messages/hold-or-resend.ts';
import type { ClaimTerms } from '../messages/lease.ts';
import { transition } from '../messages/lifecycle.ts';
import { type Message, pairOf, waKeyOf } from '../messages/message.ts';
import type { Accepted, ThrottleReason } from '../messages/outcome.ts';
import type { MessageAliasStore, MessageStore } from '../messages/ports.ts';
import type { RecipientQueue } from '../messages/recipient-queue.ts';
import type { TemplateMessage } from '../messages/sends.ts';
import {
  addressOf,
  isStillWanted,
  isTemplateMessageDue,
  templateLockKeyOf,
  templateMessagePostponed,
  templateMessageWith,
} from '../messages/template-message.ts';
import { allEnded } from '../platform/all-ended.ts';
import type { Clock, Stored, Telemetry } from '../platform/ports.ts';
import { updateWithRetry } from '../platform/update-with-retry.ts';
import { recordOptOut } from '../sessions/opt-out-record.ts';
import type { ErasedOptOutStore, SessionStore } from '../sessions/ports.ts';
import { hasOptedOut, isOpen } from '../whatsapp/session-window.ts';
import { throttleReasonOf } from './attempt.ts';
import type { TemplateLockStore } from './ports.ts';
import { hasTimeForDispatch } from './settle.ts';
import { makeAcquireLock } from './template-lock.ts';

/*
 * Sends the template message of a parked flow, which asks the customer to write:
 *
 * 1. Take the lock of this customer and flow. If another flow's template message is out, suppress this one.
 * 2. Keep its id, so that a callback about it finds the flow, and note that it may leave from now on.
 * 3. Send it under that id. A repeat uses it again, so that it sends no second one.
 * 4. Store the outcome. If nothing left, it stays pending and the sweeper tries again.
 */

export interface SendTemplateDeps {
  readonly messages: MessageStore;
  readonly sessions: SessionStore;
  readonly templateLocks: TemplateLockStore;
  readonly aliases: MessageAliasStore;
  readonly erasedOptOuts: ErasedOptOutStore;
  readonly recipientQueue: RecipientQueue;
  readonly lipachat: LipaChatCalls;
  readonly apiKeys: ApiKeys;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly gatewayDeadlineMs: number;
  readonly sessionMarginSeconds: number;
}

/** The part of an attempt that a template message needs. */
interface TemplateRun {
  readonly correlationId: string;
  readonly deadlineAt: Date;
  readonly terms: Pick<ClaimTerms, 'ambiguity'>;
}

/** The flow as it is stored in the end, and why LipaChat or WhatsApp held back its template message. */
interface TemplateResult {
  readonly flow: Stored<Message>;
  readonly throttleReason?: ThrottleReason | undefined;
}

export type SendTemplate = ReturnType<typeof makeSendTemplate>;

const RESERVE_MS = 3_000;
const endOfCalls = ({ deadlineAt }: TemplateRun) => new Date(deadlineAt.getTime() - RESERVE_MS);

export function makeSendTemplate(deps: SendTemplateDeps) {
  const { messages, sessions, templateLocks, aliases, recipientQueue, lipachat, apiKeys, clock, telemetry } =
    deps;
  const acquireLock = makeAcquireLock(deps);

  async function sendTemplate(parked: Stored<Message>, run: TemplateRun): Promise<TemplateResult> {
    const { templateMessage, request, messageId } = parked.value;
    const template = request?.template;
    if (!templateMessage || !template || !isTemplateMessageDue(parked.value, clock.now()))
      return { flow: parked };
    // It stays pending, and the sweeper sends it.
    if (!hasTimeForDispatch({ deadlineAt: endOfCalls(run) }, clock.now())) return { flow: parked };
    if (!(await acquireLock(parked.value)))
      return { flow: (await note(parked, { state: 'suppressed' })) ?? parked };
    if (templateMessage.triedAt && !mayRepeat(templateMessage.triedAt, now(run))) {
      return { flow: (await note(parked, { state: 'unknown' })) ?? parked };
    }
    // Before the note: without the key nothing can leave, and without the alias a callback does not find the flow.
    const keep = aliases.keep(templateMessage.messageId, { messageId, of: 'template' });
    const address = addressOf(parked.value);
    const [apiKey] = await allEnded([apiKeys.of(address.business).get(), keep]);
    const session = await sessions.get(pairOf(parked.value));
    // The customer has written or opted out meanwhile: the flow itself may go, or the sweeper cancels it.
    const isOpenNow = isOpen(session?.value, clock.now(), deps.sessionMarginSeconds);
    if (isOpenNow || hasOptedOut(session?.value)) return { flow: parked };
    const tried = await note(parked, { triedAt: templateMessage.triedAt ?? clock.now() });
    if (!tried || !isStillWanted(tried.value, templateMessage.messageId)) return { flow: tried ?? parked };
    const { verdict } = await lipachat.sendTemplate(
      { messageId: templateMessage.messageId, pair: address, template },
      {
        apiKey,
        deadlineAt: deadlineOf(run),
        ambiguityMode: run.terms.ambiguity.mode,
        mayHaveLeft: templateMessage.triedAt !== undefined,
      },
    );
    telemetry.count(`template.${verdict.kind}`);
    const flow = (await noteVerdict(tried, verdict, run)) ?? tried;
    return { flow, throttleReason: throttleReasonOf(verdict) };
  }

  function noteVerdict(
    tried: Stored<Message>,
    verdict: Verdict,
    run: TemplateRun,
  ): Promise<Stored<Message> | undefined> {
    switch (verdict.kind) {
      case 'sent':
        return accepted(tried, verdict.accepted);
      case 'rejected': {
        // The flow's caller has to change it, so the flow has failed.
        const detail = `The template message: ${verdict.detail}`;
        const facts = { now: clock.now(), detail, correlationId: run.correlationId };
        return updateWithRetry(messages, tried, (m) => transition(m, 'templateRefused', facts));
      }
      case 'release':
        return released(tried, verdict, run);
      case 'unknown':
        return verdict.again && mayRepeat(tried.value.templateMessage?.triedAt ?? clock.now(), now(run))
          ? Promise.resolve(tried)
          : note(tried, { state: 'unknown' });
    }
  }

  /** Nothing left. It stays pending for the sweeper, with a longer pause each time, until an opt-out or the last try. */
  async function released(
    parked: Stored<Message>,
    verdict: Release,
    run: TemplateRun,
  ): Promise<Stored<Message> | undefined> {
    const pair = pairOf(parked.value);
    if (verdict.alert) telemetry.count('gateway.alert');
    if (verdict.code === 'recipient-opted-out') {
      await recordOptOut(deps, pair, clock.now());
      await recipientQueue.cancelAll(pair, run.correlationId);
      return (await messages.get(parked.value.messageId)) ?? parked;
    }
    const now = clock.now();
    return noteBy(parked, (templateMessage) => templateMessagePostponed(templateMessage, verdict, now));
  }

  /** Keeps WhatsApp's id before the note. If the note fails, the repeat has the same id and keeps it again. */
  async function accepted(tried: Stored<Message>, { waId }: Accepted): Promise<Stored<Message> | undefined> {
    const waKeys = waId === undefined ? [] : [waKeyOf(waId)];
    const { messageId } = tried.value;
    await allEnded(waKeys.map((waKey) => aliases.keep(waKey, { messageId, of: 'template' })));
    const noted = await note(tried, { state: 'sent', waId });
    // Drop an alias that nothing leads to any more: the flow is gone, or another template message took its place.
    const known = noted ? otherIdsOf(noted.value) : [];
    await aliases.drop(waKeys.filter((waKey) => !known.includes(waKey)));
    return noted;
  }

  const note = (parked: Stored<Message>, change: Partial<TemplateMessage>) =>
    noteBy(parked, (templateMessage) => templateMessageWith(templateMessage, change));

  /** Changes this template message, and none that took its place since. Returns undefined if the flow is gone. */
  async function noteBy(
    parked: Stored<Message>,
    change: (templateMessage: TemplateMessage) => TemplateMessage,
  ): Promise<Stored<Message> | undefined> {
    const id = parked.value.templateMessage?.messageId;
    const noted = await updateWithRetry(messages, parked, (m) =>
      m.templateMessage && m.templateMessage.messageId === id
        ? { ...m, templateMessage: change(m.templateMessage) }
        : m,
    );
    // The flow was erased meanwhile: keep nothing of it.
    if (!noted) {
      await templateLocks.drop(templateLockKeyOf(parked.value));
      await aliases.drop(otherIdsOf(parked.value));
    }
    return noted;
  }

  const deadlineOf = (run: TemplateRun) =>
    new Date(Math.min(clock.now().getTime() + deps.gatewayDeadlineMs, endOfCalls(run).getTime()));

  const now = (run: TemplateRun) => ({ now: clock.now(), ambiguity: run.terms.ambiguity });

  return sendTemplate;
}
