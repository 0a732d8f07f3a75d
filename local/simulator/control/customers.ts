import * as z from 'zod';
import type { Delivery } from '../conversation.ts';
import { type Answer, digitsOf, jsonAnswer } from '../http.ts';
import { customerMessage, inboundBody, writtenAt } from '../inbound.ts';
import { flowReply, replyBody } from '../replies.ts';
import type { World } from '../world.ts';
import { type ControlRequest, callTimes, phone } from './request.ts';

const writer = z.object({ customer: phone });

const customerIn = ({ subject }: ControlRequest): string =>
  digitsOf(writer.parse({ customer: subject }).customer);

/** A customer writes to a business number: the window opens, and our webhook is called. */
export function writeIn(world: World, request: ControlRequest): Promise<Answer> {
  const customer = customerIn(request);
  const message = customerMessage.parse(request.body);
  const business = digitsOf(message.to ?? world.sandboxNumber);
  const now = world.now();
  return arrive(world, {
    // A message in a group is not one to the business.
    heard: message.group === undefined && {
      customer,
      business,
      text: message.text,
      at: writtenAt(message, now),
    },
    inbound: inboundBody({ message, customer, business, now }),
    times: message,
  });
}

/** A customer fills in a delivered flow, which is an inbound message too. */
export async function replyToFlow(world: World, request: ControlRequest): Promise<Answer> {
  const customer = customerIn(request);
  const reply = flowReply.parse(request.body);
  const flow = findFlow(world, { customer, to: reply.to, messageId: reply.messageId });
  if (flow === undefined) return jsonAnswer(404, { error: 'no such flow was delivered to this customer' });
  const now = world.now();
  return await arrive(world, {
    heard: { customer, business: flow.from, text: undefined, at: writtenAt(reply, now) },
    inbound: replyBody({ reply, flow, now }),
    times: reply,
    more: { flow: flow.messageId },
  });
}

type Sought = { customer: string; to: string | undefined; messageId: string | undefined };

/** A flow given by messageId may be from any of our numbers. Otherwise, the sandbox number is the default. */
function findFlow(world: World, { customer, to, messageId }: Sought): Delivery | undefined {
  const business = to ?? (messageId === undefined ? world.sandboxNumber : undefined);
  return world.conversation
    .deliveries()
    .findLast(
      (sent) =>
        sent.kind === 'flow' &&
        sent.to === customer &&
        (business === undefined || sent.from === digitsOf(business)) &&
        (messageId === undefined || sent.messageId === messageId),
    );
}

type Arrival = {
  heard: Parameters<World['conversation']['hear']>[0] | false;
  inbound: { messageId: string; body: unknown };
  times: { repeat: number; concurrent: boolean; notify: boolean };
  more?: object;
};

async function arrive(world: World, { heard, inbound, times, more }: Arrival): Promise<Answer> {
  if (heard && !world.conversation.hear(heard)) return jsonAnswer(200, { joined: false, webhook: [] });
  const call = () => world.webhook.call(JSON.stringify(inbound.body));
  const webhook = await callTimes(call, { ...times, repeat: times.notify ? times.repeat : 0 });
  return jsonAnswer(200, { joined: true, messageId: inbound.messageId, ...more, webhook });
}
