import {
  type AmbiguousReply,
  isAwaitingReply,
  isMessageId,
  type Message,
  type MessageId,
  pairOf,
  type Reply,
} from '../messages/message.ts';
import type { MessageStore } from '../messages/ports.ts';
import { maybeReplied, replied, tokenIn } from '../messages/reply.ts';
import type { Stored, Telemetry } from '../platform/ports.ts';
import { updateWithRetry } from '../platform/update-with-retry.ts';
import type { Pair } from '../whatsapp/phone.ts';

/*
 * Matches a filled-in flow to its send, in this order:
 *
 * 1. the correlation value, if the flow returned it;
 * 2. the message that the reply quotes;
 * 3. the customer's only unanswered flow.
 *
 * If several flows are unanswered, the reply is stored on each of them as ambiguous. Nothing is guessed.
 */

export interface HandleReplyDeps {
  readonly messages: MessageStore;
  readonly telemetry: Telemetry;
}

interface FlowReply extends AmbiguousReply {
  readonly pair: Pair;
  /** WhatsApp's id of the quoted message. */
  readonly contextId: string | undefined;
}

/** `unmatched`: the reply fits none of our flows, or one that already has another reply. */
type Tied = 'matched' | 'ambiguous' | 'unmatched';

export type HandleReply = (reply: FlowReply) => Promise<Tied>;

const LOOKED_AT = 20;
const STAMP_SKEW_MS = 5_000;

export function makeHandleReply({ messages, telemetry }: HandleReplyDeps): { handleReply: HandleReply } {
  async function handleReply(reply: FlowReply): Promise<Tied> {
    const outcome = await tie(reply);
    telemetry.count(`reply.${outcome}`);
    return outcome;
  }

  async function tie(reply: FlowReply): Promise<Tied> {
    const byToken = await ofThisCustomer(tokenIn(reply.response), reply);
    if (byToken) return attach(byToken, reply, 'token');
    const quoted = reply.contextId === undefined ? undefined : await messages.findByWaId(reply.contextId);
    const byContext = await ofThisCustomer(quoted, reply);
    if (byContext) return attach(byContext, reply, 'context');
    const before = await repeatOf(reply);
    if (before) return before;

    const open = await openFlows(reply);
    const [only, ...others] = open;
    if (!only) return 'unmatched';
    if (others.length === 0) return attach(only, reply, 'only-open-flow');
    const { id, at, response } = reply;
    await Promise.all(
      open.map((flow) => updateWithRetry(messages, flow, (m) => maybeReplied(m, { id, at, response }))),
    );
    return 'ambiguous';
  }

  /** Without this check, a repeat would match the next flow, since its own is already answered. */
  async function repeatOf({ pair, id }: FlowReply): Promise<Tied | undefined> {
    const [replied, open] = await Promise.all([
      messages.replied(pair, LOOKED_AT).then(load),
      messages.awaitingReply(pair, LOOKED_AT).then(load),
    ]);
    if (replied.some(({ value }) => value.reply?.id === id)) return 'matched';
    const shown = [...replied, ...open].flatMap(({ value }) => value.ambiguousReplies ?? []);
    return shown.some((reply) => reply.id === id) ? 'ambiguous' : undefined;
  }

  async function ofThisCustomer(
    id: string | undefined,
    { pair }: FlowReply,
  ): Promise<Stored<Message> | undefined> {
    const stored = id !== undefined && isMessageId(id) ? await messages.get(id) : undefined;
    if (!stored) return undefined;
    const { business, customer } = pairOf(stored.value);
    return business === pair.business && customer === pair.customer ? stored : undefined;
  }

  /** Unanswered flows that may have been sent before the customer answered. */
  async function openFlows({ pair, at }: FlowReply): Promise<Stored<Message>[]> {
    const open = await load(await messages.awaitingReply(pair, LOOKED_AT));
    // WhatsApp's timestamps are whole seconds of its own clock, and a flow is sent before its answer is
    // stored.
    const latest = at.getTime() + STAMP_SKEW_MS;
    const wasOut = ({ firstTryAt, createdAt }: Message) => (firstTryAt ?? createdAt).getTime() <= latest;
    return open.filter(({ value }) => isAwaitingReply(value) && wasOut(value));
  }

  async function load(ids: readonly MessageId[]): Promise<Stored<Message>[]> {
    const stored = await Promise.all(ids.map((id) => messages.get(id)));
    return stored.filter((one) => one !== undefined);
  }

  async function attach(
    stored: Stored<Message>,
    reply: FlowReply,
    matchedBy: Reply['matchedBy'],
  ): Promise<Tied> {
    const { id, at, response } = reply;
    const after = await updateWithRetry(messages, stored, (m) => replied(m, { id, at, response, matchedBy }));
    return after?.value.reply?.id === id ? 'matched' : 'unmatched';
  }

  return { handleReply };
}
