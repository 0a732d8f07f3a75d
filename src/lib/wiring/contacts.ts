import { wireQueue, wireStores } from './stores.ts';
import { contactUseCases } from './use-cases.ts';

export function wireContacts(functionName: string) {
  const stores = wireStores(functionName);
  const ports = { ...stores, queue: wireQueue(stores) };
  const { SESSION_MARGIN_SECONDS, PACK_MESSAGES } = stores.config;
  const settings = { sessionMarginSeconds: SESSION_MARGIN_SECONDS, beside01: !PACK_MESSAGES };
  return { stores, ...contactUseCases(ports, settings) };
}
