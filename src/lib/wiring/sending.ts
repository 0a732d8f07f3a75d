import { makeLipaChat } from '../lipachat/client.ts';
import { undiciTransport } from '../platform/aws-transport-undici.ts';
import { systemClock } from '../platform/clock.ts';
import { sendSettings, wireQueue, wireSecrets, wireStores } from './stores.ts';
import { sendUseCases, sweepUseCase } from './use-cases.ts';

/* The functions that call LipaChat, apart from the others: loading undici dominates a cold start. */

/** AWS is reached over undici, too, since it is loaded anyway. */
function wireSendPorts(functionName: string) {
  const stores = wireStores(functionName, undiciTransport(systemClock));
  const apiKey = wireSecrets(stores).apiKey();
  const { config, clock } = stores;
  const gateway = makeLipaChat({ baseUrl: config.LIPACHAT_BASE_URL, clock });
  return { ...stores, queue: wireQueue(stores), apiKey, gateway };
}

export function wireSend(functionName: string) {
  const ports = wireSendPorts(functionName);
  return { stores: ports, ...sendUseCases(ports, sendSettings(ports.config)) };
}

const LONGEST_WAIT_MS = 21_000;

export function wireSweep(functionName: string) {
  const ports = wireSendPorts(functionName);
  const settings = sendSettings(ports.config);
  // The end of the tick cuts off a send, too: however long the deadline is, a tick starts with work.
  const longestSendMs = Math.min(settings.gatewayDeadlineMs, LONGEST_WAIT_MS) + 4_000;
  return { stores: ports, sweep: sweepUseCase(ports, { ...settings, longestSendMs }) };
}
