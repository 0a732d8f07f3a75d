export interface ApiClient {
  readonly clientId: string;
  readonly scopes: readonly string[];
}

export interface ClientStore {
  /** The client of the token with this SHA-256 (hex). Undefined if there is none or the token was revoked. */
  byTokenHash(hash: string): Promise<ApiClient | undefined>;
}
