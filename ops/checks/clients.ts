/** Checks that clients may send, that their tokens last, and that each is kept to what is its own. */
import type { ClientRegistry } from '../../src/lib/clients/dynamo-client-registry.ts';
import type { RegisteredClient } from '../../src/lib/clients/ports.ts';
import { isLive } from '../../src/lib/clients/token-rules.ts';
import type { Clock } from '../../src/lib/platform/ports.ts';
import { command } from '../report.ts';
import { type Finding, judge } from './finding.ts';

type Stores = {
  clients: Pick<ClientRegistry, 'list'>;
  clock: Clock;
};

const is = judge('API clients');
/** Long enough to give every caller another token. */
const WARNED_MS = 14 * 86_400_000;

const namesOf = (tokens: readonly RegisteredClient[]): string[] =>
  [...new Set(tokens.map(({ clientId }) => clientId))].sort();

const sendersFinding = (live: readonly RegisteredClient[], stage: string): Finding => {
  const senders = namesOf(live.filter(({ scopes }) => scopes.includes('send')));
  if (senders.length > 0) return is.ok(`${senders.length} may send`);
  return is.fault('none may send', `run ${command(stage, 'client create <name> --scopes send,read')}`);
};

/** Of each client, the token that lasts longest: a rotation leaves earlier ones to end. */
const endFindings = (tokens: readonly RegisteredClient[], now: Date, stage: string): Finding[] => {
  const standing = tokens.filter(({ revokedAt }) => revokedAt === undefined);
  return namesOf(standing).flatMap((name) => {
    const ends = standing
      .filter(({ clientId }) => clientId === name)
      .map(({ expiresAt }) => expiresAt?.getTime() ?? Number.POSITIVE_INFINITY);
    const end = Math.max(...ends);
    if (end > now.getTime() + WARNED_MS) return [];
    const says = `${name}: its last token ${end <= now.getTime() ? 'has expired' : 'expires'} at ${new Date(end).toISOString()}`;
    const todo = `run ${command(stage, `client rotate ${name}`)}, or revoke the client if it is no longer used`;
    return [is.warning(says, todo)];
  });
};

/** One client alone can't get in another's way. */
const limitFindings = (live: readonly RegisteredClient[]): Finding[] => {
  if (namesOf(live).length < 2) return [];
  const unlimited = namesOf(live.filter(({ numbers }) => numbers === undefined));
  const sharing = namesOf(live.filter(({ namespace }) => namespace === undefined));
  return [
    ...(unlimited.length > 0
      ? [
          is.warning(
            `without numbers of their own: ${unlimited.join(', ')}`,
            'each may send from every business number: give it a token with --another-token --numbers, and revoke the one before',
          ),
        ]
      : []),
    ...(sharing.length > 1
      ? [
          is.warning(
            `with the same messageIds: ${sharing.join(', ')}`,
            'each can take an id of another first: use UUIDs, or make clients anew with --namespace',
          ),
        ]
      : []),
  ];
};

export const checkClients = async ({ clients, clock }: Stores, stage: string): Promise<Finding[]> => {
  const tokens = await clients.list();
  const now = clock.now();
  const live = tokens.filter((token) => isLive(token, now));
  // `npm start` makes a client with every right.
  const others = live.filter(({ clientId }) => stage !== 'local' || clientId !== 'local');
  return [sendersFinding(live, stage), ...endFindings(tokens, now, stage), ...limitFindings(others)];
};
