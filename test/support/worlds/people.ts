/** The clients of a world, their number and their customers. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Fleet } from '../fleet/fleet.ts';
import { CAMPAIGNS, IDS, type Kind, OPEN, SHUT } from './script.ts';

export type Client = {
  clientId: string;
  token: string;
  number: string;
  customers: string[];
  messageIds: string[];
  campaignIds: string[];
  scheduleId: string;
  namespace: { name: string; key: string } | undefined;
};

let count = 0;

/** Kenyan numbers that no other test has. */
const newNumber = (): string => {
  count += 1;
  return `25470${String(count).padStart(7, '0')}`;
};

const SCOPES = ['send', 'read', 'campaigns', 'consent'];

/** A client with three customers whose window is open, and three who never wrote. */
export const newClientOf = async (
  fleet: Fleet,
  { kind, isAdmin, number = newNumber() }: { kind: Kind; isAdmin: boolean; number?: string },
): Promise<Client> => {
  const tag = randomUUID();
  const clientId = `client-${tag}`;
  const namespace =
    kind === 'no namespace'
      ? undefined
      : { name: `space-${tag}`, key: randomBytes(16).toString('base64url') };
  const token = fleet.canaries.secret('token');
  const scopes = isAdmin ? [...SCOPES, 'admin'] : SCOPES;
  await fleet.table.addClient({
    token,
    clientId,
    scopes,
    numbers: [number],
    ...(namespace ? { namespace } : {}),
  });
  const customers = Array.from({ length: OPEN + SHUT }, newNumber);
  await Promise.all(customers.slice(0, OPEN).map((customer) => fleet.table.addWindow(number, customer)));
  // In a namespace, the ids are anyone's. Without one they are UUIDs.
  const idOf = (name: string): string => (namespace ? name : randomUUID());
  return {
    clientId,
    token,
    number,
    customers,
    namespace,
    messageIds: Array.from({ length: IDS + SHUT }, (_, n) => idOf(`order-${n}`)),
    campaignIds: Array.from({ length: CAMPAIGNS }, (_, n) => idOf(`spring-${n}`)),
    scheduleId: idOf('hourly'),
  };
};

/** The same text in each world: what a world has of its own becomes its name, and what is random or a time its kind. */
export const plainOf = (client: Client, text: string): string => {
  const names: [string, string][] = [
    [client.clientId, '<client>'],
    [client.number, '<number>'],
    ...client.customers.map((customer, n): [string, string] => [customer, `<customer ${n}>`]),
    ...client.messageIds.map((id, n): [string, string] => [id, `<message ${n}>`]),
    ...client.campaignIds.map((id, n): [string, string] => [id, `<campaign ${n}>`]),
    [client.scheduleId, '<schedule>'],
  ];
  const named = names.reduce((all, [own, name]) => all.replaceAll(own, name), text);
  return (
    named
      .replaceAll(/"next":"[^"]+"/g, '"next":"<cursor>"')
      // Whole, with the names within: its signature differs.
      .replaceAll(/https?:\/\/[^"]+/g, '<url>')
      .replaceAll(/~\d{8}T\d{4}(~[A-Za-z0-9_-]{10})?/g, '~<minute>')
      .replaceAll(/wamid\.[A-Za-z0-9+/=_-]+/g, '<wamid>')
      .replaceAll(/\d{4}-\d{2}-\d{2}T[\d:.]+Z?/g, '<time>')
      .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uuid>')
  );
};
