import { wireQueue, wireStores } from './stores.ts';
import { contactUseCases } from './use-cases.ts';

export function wireContacts(functionName: string) {
  const stores = wireStores(functionName);
  const ports = { ...stores, queue: wireQueue(stores) };
  const settings = { sessionMarginSeconds: stores.config.SESSION_MARGIN_SECONDS };
  return { stores, ...contactUseCases(ports, settings) };
}
