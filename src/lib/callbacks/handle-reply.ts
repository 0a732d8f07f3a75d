import {
  type AmbiguousReply,
  isMessageId,
  type Message,
  type MessageId,
  pairOf,
  type Reply,
} from '../messages/message.ts';
import type { MessageStore } from '../messages/ports.ts';
import { isAwaitingReply, maybeReplied, replied, tokenIn } from '../messages/reply.ts';
import type { Stored, Telemetry } from '../platform/ports.ts';
import { updateWithRetry } from '../platform/update-with-retry.ts';
import type { Pair } from '../whatsapp/phone.ts';

/*
 * A filled-in flow finds its send: by our correlation value if the flow returned it, else by the message that
 * it quotes, else as the answer to the only flow of this customer that is still unanswered. Where several fit,
 * it is kept and shown at each of them, and nothing is guessed.
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

/** `unmatched`: it answers nothing of ours, or something that is answered already. */
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

  /** A repeat must not find the next flow, now that its own is answered. */
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

  /** Unanswered flows that may have been out when the customer answered. */
  async function openFlows({ pair, at }: FlowReply): Promise<Stored<Message>[]> {
    const open = await load(await messages.awaitingReply(pair, LOOKED_AT));
    // WhatsApp stamps whole seconds by its own clock, and a flow is out before its answer is stored.
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
