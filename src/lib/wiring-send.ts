import { makeLipaChat } from './adapters/lipachat/client.ts';
import { makeCarrier } from './usecases/carry-out.ts';
import { makeSendFlow } from './usecases/send-flow.ts';
import { makeSettler } from './usecases/settle.ts';
import { type Stores, sendingTerms, wireSecrets } from './wiring.ts';

/** Everything that a function needs to send. Apart, since undici is the dearest import of all. */
export function wireSend(stores: Stores) {
  const { config } = stores;
  const apiKey = wireSecrets(stores).apiKey();
  const gateway = makeLipaChat({ baseUrl: config.LIPACHAT_BASE_URL, clock: stores.clock });
  const settings = {
    gatewayDeadlineMs: config.GATEWAY_DEADLINE_MS,
    gatewayAttempts: config.GATEWAY_ATTEMPTS,
    sessionMarginSeconds: config.SESSION_MARGIN_SECONDS,
  };
  const settler = makeSettler({
    ...stores,
    retentionDays: config.RETENTION_DAYS,
    sessionMarginSeconds: config.SESSION_MARGIN_SECONDS,
  });
  const carrier = makeCarrier({ ...stores, settler, apiKey, gateway, settings });
  // Fetched while the function starts, so that its first send does not wait for it.
  void apiKey.get().catch(() => undefined);
  return makeSendFlow({ ...stores, apiKey, carrier, settler, terms: sendingTerms(config) });
}
