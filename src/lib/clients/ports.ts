export interface ApiClient {
  readonly clientId: string;
  readonly scopes: readonly string[];
}

export interface ClientStore {
  /** The client whose token has this SHA-256 (hex); undefined if there is none or it was revoked. */
  byTokenHash(hash: string): Promise<ApiClient | undefined>;
}
