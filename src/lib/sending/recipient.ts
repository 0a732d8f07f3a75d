import { type FlowRequest, pairOf } from '../messages/message.ts';
import type { MessageStore } from '../messages/ports.ts';
import { invalidRequest } from '../platform/errors.ts';
import type { SessionStore } from '../sessions/ports.ts';
import { isUserId } from '../whatsapp/customer.ts';

export interface RecipientDeps {
  readonly messages: MessageStore;
  readonly sessions: SessionStore;
  /** SEND_TO_USER_IDS: LipaChat takes a user id as `to`. */
  readonly sendToUserIds: boolean;
}

/**
 * Refuses a recipient that the contract can't judge on its own: a user id, or a number that no numbering plan has. Called
 * before the claim, so that a refusal uses up no messageId. Throws `invalid-request`.
 */
export function makeAssertRecipient({ messages, sessions, sendToUserIds }: RecipientDeps) {
  /** A message that is stored already was allowed once: its answer stays the same. */
  return async function assertRecipient(request: FlowRequest): Promise<void> {
    const fault = await faultOf(request);
    if (fault === undefined || (await messages.get(request.messageId))) return;
    throw invalidRequest([{ path: 'to', message: fault }]);
  };

  async function faultOf(request: FlowRequest): Promise<string | undefined> {
    if (isUserId(request.to)) return sendToUserIds ? undefined : USER_ID_OFF;
    const session = await sessions.get(pairOf(request));
    return session?.value.window ? undefined : NEVER_WROTE;
  }
}

const USER_ID_OFF =
  "is a WhatsApp user id: send to the customer's phone number, or set SEND_TO_USER_IDS if LipaChat takes user ids";
const NEVER_WROTE =
  'must be an international phone number with a country code: no numbering plan has this one, and this customer has ' +
  'not written to the number in `from`. Correct the digits, or let the customer write first';
