import { makeLipaChatCalls } from '../lipachat/call-with-retries.ts';
import { makeLipaChat } from '../lipachat/client.ts';
import { undiciTransport } from '../platform/aws-transport-undici.ts';
import { makeDeliver } from '../sending/deliver.ts';
import { makeNotSent } from '../sending/not-sent.ts';
import { makeSendFlow } from '../sending/send-flow.ts';
import { makeSendTemplate } from '../sending/send-template.ts';
import { makeSettler } from '../sending/settle.ts';
import { makeSweepMessage } from '../sending/sweep-message.ts';
import { makeWindowClosed } from '../sending/window-closed.ts';
import { type Stores, sendingTerms, wireRecipientQueue, wireSecrets, wireStores } from './stores.ts';

/** The stores of a function that sends: it has undici on board, so that AWS is reached over it, too. */
export const wireSendStores = (functionName: string): Stores => wireStores(functionName, undiciTransport());

/** Everything that a function needs to send. Apart, since undici is the dearest import of all. */
export function wireSend(stores: Stores) {
  const { config } = stores;
  const ports = {
    ...stores,
    ...wireRecipientQueue(stores),
    apiKey: wireSecrets(stores).apiKey(),
    gateway: makeLipaChat({ baseUrl: config.LIPACHAT_BASE_URL, clock: stores.clock }),
    terms: sendingTerms(config),
    gatewayDeadlineMs: config.GATEWAY_DEADLINE_MS,
    gatewayAttempts: config.GATEWAY_ATTEMPTS,
    sessionMarginSeconds: config.SESSION_MARGIN_SECONDS,
    retentionDays: config.RETENTION_DAYS,
  };
  const base = { ...ports, lipachat: makeLipaChatCalls(ports) };
  const settler = makeSettler(base);
  const sendTemplate = makeSendTemplate(base);
  const notSent = makeNotSent({ ...base, settler });
  const windowClosed = makeWindowClosed({ ...base, notSent, sendTemplate });
  const deliver = makeDeliver({ ...base, settler, notSent, windowClosed });
  const sendFlow = makeSendFlow({ ...base, deliver, settler });
  // Fetched while the function starts, so that its first send does not wait for it.
  void base.apiKey.get().catch(() => undefined);
  return {
    sendFlow,
    recipientQueue: base.recipientQueue,
    sweepMessage: makeSweepMessage({ ...base, sendFlow, sendTemplate }),
  };
}
