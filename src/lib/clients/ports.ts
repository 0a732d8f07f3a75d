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
}

export interface ClientStore {
  /** The client of the token with this SHA-256 (hex). Undefined if there is none or the token was revoked. */
  byTokenHash(hash: string): Promise<ApiClient | undefined>;
}

/** One token of an API client, as an operator sees it. To replace a token, a client has two for a time. */
export interface RegisteredClient extends ApiClient {
  /** SHA-256 of the token, in hex. The token itself is not stored. */
  readonly tokenHash: string;
  readonly createdAt: Date;
  readonly revokedAt?: Date | undefined;
}
