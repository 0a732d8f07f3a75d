import { transition } from '../messages/lifecycle.ts';
import {
  type AmbiguousReply,
  isAwaitingReply,
  isMessageId,
  type Message,
  type MessageId,
  pairOf,
  type Reply,
} from '../messages/message.ts';
import type { MessageAliasStore, MessageStore } from '../messages/ports.ts';
import {
  isFlowForm,
  isQuoted,
  mayAnswer,
  maybeReplied,
  mayHaveArrived,
  type ReplyEvidence,
  tokenIn,
  wasOut,
} from '../messages/reply.ts';
import { allEnded } from '../platform/all-ended.ts';
import type { Clock, Stored, Telemetry } from '../platform/ports.ts';
import { updateWithRetry } from '../platform/update-with-retry.ts';
import type { Pair } from '../whatsapp/phone.ts';
import { makeFindQuoted } from './quoted-message.ts';

/*
 * Matches a filled-in flow to its send, in this order:
 *
 * 1. the correlation value, if the flow returned it and the reply quotes no other client's flow: a client can write another's
 *    value into its own flow, and the quote is WhatsApp's;
 * 2. the message that the reply quotes: any send of the pair, an earlier, failed one too;
 * 3. the customer's only unanswered flow that nothing in the reply contradicts; without one, the only flow of which
 *    a send may have arrived: its outcome is unknown, or WhatsApp failed it and it is to be sent again.
 *
 * Another native form than a flow's (an address, a payment) matches by its correlation value only.
 *
 * If several flows are left, the reply is stored on each of them as ambiguous. Nothing is guessed. A reply
 * proves that its flow was delivered, so it calls off whatever would send the flow again.
 */

export interface HandleReplyDeps {
  readonly messages: MessageStore;
  readonly aliases: MessageAliasStore;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

interface FlowReply extends AmbiguousReply, ReplyEvidence {
  readonly pair: Pair;
  /** When it first arrived, if that is known. */
  readonly seenAt?: Date | undefined;
}

/** `unmatched`: the reply fits none of our flows, or one that already has another reply. */
type Tied = 'matched' | 'ambiguous' | 'unmatched';

export type HandleReply = (reply: FlowReply) => Promise<Tied>;

/** How many of the customer's messages a reply may answer. */
const LATEST = 60;
const WAITING = 20;
const STAMP_SKEW_MS = 5_000;

export function makeHandleReply({ messages, aliases, clock, telemetry }: HandleReplyDeps): {
  handleReply: HandleReply;
} {
  const findQuoted = makeFindQuoted({ messages, aliases });

  async function handleReply(reply: FlowReply): Promise<Tied> {
    const outcome = await tie(reply);
    telemetry.count(`reply.${outcome}`);
    return outcome;
  }

  async function tie(reply: FlowReply): Promise<Tied> {
    const isFlow = isFlowForm(reply.formName);
    const byToken = await ofThisCustomer(tokenIn(reply.response), reply);
    if (!byToken && !isFlow) return 'unmatched';
    const isQuotedToo = byToken && reply.quotedIds.some((id) => isQuoted(byToken.value, id));
    if (byToken && (isQuotedToo || reply.quotedIds.length === 0)) return attach(byToken, reply, 'token');
    const quoted = (await allEnded(reply.quotedIds.map(findQuoted))).filter((one) => one !== undefined);
    const byContext = quoted.find(({ flow }) => flow && isOfPair(flow.value, reply.pair))?.flow;
    const isAnothers = byToken && byContext && byContext.value.clientId !== byToken.value.clientId;
    if (byToken && !isAnothers) return attach(byToken, reply, 'token');
    if (!isFlow) return 'unmatched';
    if (byContext) return attach(byContext, reply, 'context');

    const known = await flowsOf(reply.pair);
    const found = known.find(({ value }) => reply.quotedIds.some((id) => isQuoted(value, id)));
    if (found) return attach(found, reply, 'context');
    const repeated = repeatOf(reply, known);
    if (repeated) return repeated;
    // It quotes a template message, a message that is gone, or one to another customer.
    return quoted.length > 0 ? 'unmatched' : tieToOpen(known, reply);
  }

  async function ofThisCustomer(
    id: string | undefined,
    { pair }: FlowReply,
  ): Promise<Stored<Message> | undefined> {
    const stored = id !== undefined && isMessageId(id) ? await messages.get(id) : undefined;
    return stored && isOfPair(stored.value, pair) ? stored : undefined;
  }

  /** The pair's latest flows, in any status. The index lags, so each is read itself. */
  async function flowsOf(pair: Pair): Promise<Stored<Message>[]> {
    const ids = await allEnded([messages.latest(pair, LATEST), messages.waiting(pair, WAITING)]);
    return load([...new Set(ids.flat())]);
  }

  /** Without this check, a repeat would match the next flow, since its own is already answered. */
  function repeatOf({ id }: FlowReply, known: readonly Stored<Message>[]): Tied | undefined {
    if (known.some(({ value }) => value.reply?.id === id)) return 'matched';
    const shown = known.flatMap(({ value }) => value.ambiguousReplies ?? []);
    return shown.some((reply) => reply.id === id) ? 'ambiguous' : undefined;
  }

  async function tieToOpen(known: readonly Stored<Message>[], reply: FlowReply): Promise<Tied> {
    // WhatsApp's timestamps are whole seconds of its own clock, and a flow is sent before its answer is stored.
    const latest = new Date(reply.at.getTime() + STAMP_SKEW_MS);
    // A repeat must not match the flow that its first arrival released.
    const { seenAt = latest } = reply;
    const fitting = known.filter(
      ({ value }) => wasOut(value, latest) && wasOut(value, seenAt) && mayAnswer(value, reply),
    );
    const sent = fitting.filter(({ value }) => isAwaitingReply(value));
    const open = sent.length > 0 ? sent : fitting.filter(({ value }) => mayHaveArrived(value));
    const [only, ...others] = open;
    if (!only) return 'unmatched';
    if (others.length === 0) return attach(only, reply, 'only-open-flow');
    const { id, at, response } = reply;
    await allEnded(
      open.map((flow) => updateWithRetry(messages, flow, (m) => maybeReplied(m, { id, at, response }))),
    );
    return 'ambiguous';
  }

  async function load(ids: readonly MessageId[]): Promise<Stored<Message>[]> {
    const stored = await allEnded(ids.map((id) => messages.get(id)));
    return stored.filter((one) => one !== undefined);
  }

  async function attach(
    stored: Stored<Message>,
    { id, at, response, quotedIds }: FlowReply,
    matchedBy: Reply['matchedBy'],
  ): Promise<Tied> {
    const reply = { id, at, response, matchedBy };
    const quotedWaId = stored.value.retiredWaIds?.find((waId) => quotedIds.includes(waId));
    const facts = { reply, quotedWaId, now: clock.now() };
    const after = await updateWithRetry(messages, stored, (m) => transition(m, 'replied', facts));
    return after?.value.reply?.id === id ? 'matched' : 'unmatched';
  }

  return { handleReply };
}

function isOfPair(message: Message, pair: Pair): boolean {
  const { business, customer } = pairOf(message);
  return business === pair.business && customer === pair.customer;
}
