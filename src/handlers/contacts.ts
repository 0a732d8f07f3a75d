import { contactRoutes } from '../lib/contacts/routes.ts';
import { api, byRoute } from '../lib/http/api.ts';
import { wireContacts } from '../lib/wiring/contacts.ts';

const { stores, ...useCases } = wireContacts('contacts');

/** A customer's opt-out, and the erasure of a customer's data. */
export const handler = api(stores, byRoute(contactRoutes(useCases)));
