/** client revoke, and client rotate: how tokens end. */
import type { RegisteredClient } from '../../src/lib/clients/ports.ts';
import { isLive } from '../../src/lib/clients/token-rules.ts';
import type { Place } from '../place.ts';
import { command, misuse, OpsError, plural, type Report } from '../report.ts';
import { openStores } from '../stores.ts';
import { durationIn, expiryIn } from './options.ts';
import { CACHE_SECONDS, endOf, idOf, issue, rightsOf, type Stores, tokensOf } from './tokens.ts';

type Named = { token?: string };

/** The client's tokens that are not revoked, the newest first, or the one that is named. */
const meantOf = async (
  stores: Stores,
  { stage }: Place,
  clientId: string,
  { token }: Named,
): Promise<{ standing: RegisteredClient[]; meant: [RegisteredClient, ...RegisteredClient[]] }> => {
  const standing = (await tokensOf(stores, clientId)).filter(({ revokedAt }) => revokedAt === undefined);
  const [first, ...others] = standing.filter((one) => !token || idOf(one) === token);
  if (first) return { standing, meant: [first, ...others] };
  const which = token ? ` with the token ${token}` : '';
  throw new OpsError(`there is no live client ${clientId}${which}: see ${command(stage, 'client list')}`);
};

export const revokeClient = async (place: Place, clientId: string, options: Named): Promise<Report> => {
  const stores = openStores(place);
  const { clients, clock } = stores;
  const { standing, meant } = await meantOf(stores, place, clientId, options);
  for (const { tokenHash } of meant) await clients.revoke(tokenHash, clock.now());
  const left = standing.length - meant.length;
  return {
    lines: [
      `${plural(meant.length, 'token')} of ${clientId} revoked${left > 0 ? `, ${left} left` : ''}.`,
      `The authorizer may accept it from its cache for up to ${CACHE_SECONDS} seconds.`,
    ],
    data: { clientId, revoked: meant.map(idOf), left },
  };
};

/** Two tokens with the same text here may do the same. */
const rightsAsText = ({ scopes, numbers, sources, recipientSources }: RegisteredClient): string =>
  JSON.stringify([scopes, numbers, sources, recipientSources].map((list) => list && [...list].sort()));

/** As long as the token before it was made for. */
const lifeAfter = ({ createdAt, expiresAt }: RegisteredClient, now: Date): Date | undefined =>
  expiresAt && new Date(now.getTime() + (expiresAt.getTime() - createdAt.getTime()));

type RotateOptions = Named & { overlap: string; expires?: string };

/** A new token with the rights of those that it replaces, which end after the overlap. */
export const rotateClient = async (
  place: Place,
  clientId: string,
  options: RotateOptions,
): Promise<Report> => {
  const stores = openStores(place);
  const { clients, clock } = stores;
  const now = clock.now();
  const overlap = durationIn(options.overlap);
  if (overlap === undefined) throw misuse('--overlap takes a time such as 24h or 7d');
  const { meant } = await meantOf(stores, place, clientId, options);
  const live = meant.filter((token) => isLive(token, now));
  const [model] = live.length > 0 ? live : meant;
  if (!model || live.some((token) => rightsAsText(token) !== rightsAsText(model)))
    throw new OpsError(
      `the tokens of ${clientId} have different rights: name the one to replace with --token`,
    );
  const { expires } = options;
  const expiresAt = expires === undefined ? lifeAfter(model, now) : expiryIn(expires, now);
  const { token, tokenId } = await issue(stores, { ...model, expiresAt });
  const endsAt = new Date(now.getTime() + overlap);
  for (const { tokenHash } of live) await clients.expire(tokenHash, endsAt);
  const ended = live.map(idOf);
  return {
    lines: [
      `${rightsOf(model)}. Its new token ${tokenId}, shown only once:`,
      `  ${token}`,
      endOf({ expiresAt }),
      `${plural(ended.length, 'earlier token')} (${ended.join(', ')}) will end at ${endsAt.toISOString()} at the latest.`,
    ],
    data: {
      clientId,
      tokenId,
      token,
      expiresAt: expiresAt?.toISOString() ?? null,
      ended,
      endsAt: endsAt.toISOString(),
    },
  };
};
