import { makeRawCallbackStore } from '../callbacks/dynamo-raw-callbacks.ts';
import { makeTemplateLockStore } from '../sending/dynamo-template-locks.ts';
import { messageStoresOf, tableOf, wireEntry, wireQueue } from './stores.ts';
import { contactUseCases } from './use-cases.ts';

export function wireContacts(functionName: string) {
  const entry = wireEntry(functionName);
  const table = tableOf(entry);
  const callbacks = makeRawCallbackStore(table);
  const templateLocks = makeTemplateLockStore(table);
  const stores = { ...entry, ...messageStoresOf(entry, table), callbacks, templateLocks };
  const ports = { ...stores, queue: wireQueue(stores) };
  const { SESSION_MARGIN_SECONDS, PACK_MESSAGES } = stores.config;
  const settings = { sessionMarginSeconds: SESSION_MARGIN_SECONDS, beside01: !PACK_MESSAGES };
  return { stores, ...contactUseCases(ports, settings) };
}
