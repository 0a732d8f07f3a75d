import { makeOldUnmatchedStore } from '../callbacks/dynamo-old-unmatched.ts';
import { type LipaChatOptions, makeLipaChat } from '../lipachat/client.ts';
import { undiciTransport } from '../platform/aws-transport-undici.ts';
import { systemClock } from '../platform/clock.ts';
import type { Table } from '../platform/dynamo-table.ts';
import { makeTemplateLockStore } from '../sending/dynamo-template-locks.ts';
import {
  type Entry,
  messageStoresOf,
  sendSettings,
  tableOf,
  wireCallbackQueue,
  wireEntry,
  wireQueue,
  wireSecrets,
} from './stores.ts';
import { sendUseCases, sweepUseCase, workUseCases } from './use-cases.ts';

/* The functions that call LipaChat, apart from the others: loading undici dominates a cold start. */

/** All but the queue. */
export function sendPortsOf(entry: Entry, table: Table, connect?: LipaChatOptions['connect']) {
  const { config, clock } = entry;
  const gateway = makeLipaChat({ baseUrl: config.LIPACHAT_BASE_URL, clock, connect });
  const stores = { ...messageStoresOf(entry, table), templateLocks: makeTemplateLockStore(table) };
  return { ...entry, ...stores, apiKeys: wireSecrets(entry).apiKeys(), gateway };
}

/** AWS is reached over undici, too, since it is loaded anyway. */
function wireSendPorts(functionName: string) {
  const entry = wireEntry(functionName, undiciTransport(systemClock));
  const table = tableOf(entry);
  return { table, ports: { ...sendPortsOf(entry, table), queue: wireQueue(entry) } };
}

export type Send = ReturnType<typeof wireSend>;

export function wireSend(functionName: string) {
  const { ports } = wireSendPorts(functionName);
  return { stores: ports, ...sendUseCases(ports, sendSettings(ports.config)) };
}

/** The worker. */
export function wireWork(functionName: string) {
  const { table, ports } = wireSendPorts(functionName);
  return { table, stores: ports, ...workUseCases(ports, sendSettings(ports.config)) };
}

const LONGEST_WAIT_MS = 21_000;

export function wireSweep(functionName: string) {
  const { table, ports: sendPorts } = wireSendPorts(functionName);
  const oldUnmatched = makeOldUnmatchedStore(table);
  const ports = { ...sendPorts, oldUnmatched, unmatchedQueue: wireCallbackQueue(sendPorts) };
  const settings = sendSettings(ports.config);
  // The end of the tick cuts off a send, too: however long the deadline is, a tick starts with work.
  const longestSendMs = Math.min(settings.gatewayDeadlineMs, LONGEST_WAIT_MS) + 4_000;
  return { stores: ports, sweep: sweepUseCase(ports, { ...settings, longestSendMs }) };
}
