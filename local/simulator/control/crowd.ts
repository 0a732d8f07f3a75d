import pMap from 'p-map';
import * as z from 'zod';
import { type Answer, digitsOf, jsonAnswer } from '../http.ts';
import { customerMessage, inboundBody } from '../inbound.ts';
import type { World } from '../world.ts';
import { type ControlRequest, phone } from './request.ts';

/** `perCall` messages per call of our webhook, as WhatsApp batches them too; `concurrency` calls at once. */
const crowd = z.strictObject({
  customers: z.array(phone).min(1).max(20_000),
  to: phone.optional(),
  text: z.string().min(1).default('hello'),
  perCall: z.int().min(1).max(500).default(100),
  concurrency: z.int().min(1).max(20).default(4),
});

/** Many customers write one message each to one business number: their windows open. */
export async function writeInTogether(world: World, request: ControlRequest): Promise<Answer> {
  const { customers, text, perCall, concurrency, to = world.sandboxNumber } = crowd.parse(request.body);
  const [business, now] = [digitsOf(to), world.now()];
  const message = customerMessage.parse({ text });
  const joined = customers
    .map(digitsOf)
    .filter((customer) => world.conversation.hear({ customer, business, text, at: now.getTime() }));
  const messages = joined.map((customer) => inboundBody({ message, customer, business, now }).body);
  const calls = Array.from({ length: Math.ceil(messages.length / perCall) }, (_, n) =>
    messages.slice(n * perCall, (n + 1) * perCall),
  );
  const results = await pMap(calls, (some) => world.webhook.call(JSON.stringify({ messages: some })), {
    concurrency,
  });
  const failed = results.filter(({ status }) => status !== 200).length;
  return jsonAnswer(200, { joined: joined.length, calls: calls.length, failed });
}
