import { erasureQueueOf, erasureStoresOf, runErasureOf } from './erasures.ts';
import { wireObjects } from './objects.ts';
import { tableOf, wireEntry, wireQueue } from './stores.ts';
import { contactUseCases } from './use-cases.ts';

export function wireContacts(functionName: string) {
  const entry = wireEntry(functionName);
  const stores = { ...entry, ...erasureStoresOf(entry, tableOf(entry)) };
  const ports = {
    ...stores,
    queue: wireQueue(stores),
    erasureQueue: erasureQueueOf(stores),
    run: runErasureOf(stores, wireObjects(stores)),
  };
  const { SESSION_MARGIN_SECONDS, PACK_MESSAGES } = stores.config;
  const settings = { sessionMarginSeconds: SESSION_MARGIN_SECONDS, beside01: !PACK_MESSAGES };
  return { stores, ...contactUseCases(ports, settings) };
}
