/** Clients that share a namespace share their messageIds, and with no other client. */
export interface Namespace {
  readonly name: string;
  /** 128 random bits as base64url. A secret: no log, event or response shows it. */
  readonly key: string;
}

export interface ApiClient {
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly namespace?: Namespace | undefined;
  /** The only business numbers that it may use, as digits; undefined for all. */
  readonly numbers?: readonly string[] | undefined;
  /** Where its campaigns may read recipients, as `s3://bucket/prefix/`. */
  readonly recipientSources?: readonly string[] | undefined;
}

/** One token of an API client. To replace a token, a client has two for a time. */
export interface ClientToken extends ApiClient {
  readonly revokedAt?: Date | undefined;
  readonly expiresAt?: Date | undefined;
  /** The only addresses that it may be used from, as CIDR blocks; undefined for all. */
  readonly sources?: readonly string[] | undefined;
  /** The day of its latest use (UTC), as `2026-01-31`. */
  readonly lastUsedOn?: string | undefined;
}

export interface ClientStore {
  /** The token with this SHA-256 (hex), revoked and expired ones too. Undefined if there is none. */
  byTokenHash(hash: string): Promise<ClientToken | undefined>;
  /** Notes that the token was used on this day, unless that day or a later one is noted. */
  noteUse(hash: string, day: string): Promise<void>;
}

/** A token as an operator sees it. */
export interface RegisteredClient extends ClientToken {
  /** SHA-256 of the token, in hex. The token itself is not stored. */
  readonly tokenHash: string;
  readonly createdAt: Date;
}
