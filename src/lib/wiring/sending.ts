import { type LipaChatOptions, makeLipaChat } from '../lipachat/client.ts';
import { undiciTransport } from '../platform/aws-transport-undici.ts';
import { systemClock } from '../platform/clock.ts';
import {
  type Entry,
  sendSettings,
  storesOf,
  wireCallbackQueue,
  wireEntry,
  wireQueue,
  wireSecrets,
} from './stores.ts';
import { sendUseCases, sweepUseCase, workUseCases } from './use-cases.ts';

/* The functions that call LipaChat, apart from the others: loading undici dominates a cold start. */

/** All but the queue. */
export function sendPortsOf(entry: Entry, connect?: LipaChatOptions['connect']) {
  const { config, clock } = entry;
  const gateway = makeLipaChat({ baseUrl: config.LIPACHAT_BASE_URL, clock, connect });
  return { ...storesOf(entry), apiKeys: wireSecrets(entry).apiKeys(), gateway };
}

/** AWS is reached over undici, too, since it is loaded anyway. */
function wireSendPorts(functionName: string) {
  const ports = sendPortsOf(wireEntry(functionName, undiciTransport(systemClock)));
  return { ...ports, queue: wireQueue(ports) };
}

export type Send = ReturnType<typeof wireSend>;

export function wireSend(functionName: string) {
  const ports = wireSendPorts(functionName);
  return { stores: ports, ...sendUseCases(ports, sendSettings(ports.config)) };
}

/** The worker. */
export function wireWork(functionName: string) {
  const ports = wireSendPorts(functionName);
  return { stores: ports, ...workUseCases(ports, sendSettings(ports.config)) };
}

const LONGEST_WAIT_MS = 21_000;

export function wireSweep(functionName: string) {
  const sendPorts = wireSendPorts(functionName);
  const ports = { ...sendPorts, unmatchedQueue: wireCallbackQueue(sendPorts) };
  const settings = sendSettings(ports.config);
  // The end of the tick cuts off a send, too: however long the deadline is, a tick starts with work.
  const longestSendMs = Math.min(settings.gatewayDeadlineMs, LONGEST_WAIT_MS) + 4_000;
  return { stores: ports, sweep: sweepUseCase(ports, { ...settings, longestSendMs }) };
}
