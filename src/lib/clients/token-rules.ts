import { isWithin } from './addresses.ts';
import type { ClientToken } from './ports.ts';
import { mayUse } from './scopes.ts';

/** Why a request is refused before it reaches its route. */
export type TokenRefusal = 'unknown' | 'revoked' | 'expired' | 'source' | 'scope';

/** What of a request decides whether its token is good for it. */
export interface TokenUse {
  /** Undefined to leave the scope out. */
  readonly routeKey: string | undefined;
  /** The caller's address; undefined if it isn't known. */
  readonly sourceIp: string | undefined;
  readonly now: Date;
}

/** The first reason to refuse the request; undefined if there is none. */
export function refusalOf(token: ClientToken | undefined, use: TokenUse): TokenRefusal | undefined {
  if (!token) return 'unknown';
  if (token.revokedAt) return 'revoked';
  if (hasExpired(token, use.now)) return 'expired';
  if (token.sources && !isWithin(token.sources, use.sourceIp)) return 'source';
  return use.routeKey === undefined || mayUse(use.routeKey, token.scopes) ? undefined : 'scope';
}

export function hasExpired({ expiresAt }: Pick<ClientToken, 'expiresAt'>, now: Date): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

/** Neither revoked nor expired. */
export function isLive(token: Pick<ClientToken, 'revokedAt' | 'expiresAt'>, now: Date): boolean {
  return token.revokedAt === undefined && !hasExpired(token, now);
}

/** The day of an instant (UTC), as `2026-01-31`. */
export function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}
